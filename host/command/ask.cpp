#include "command/ask.hpp"

#include <iostream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "command/setup.hpp"
#include "http/local.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

constexpr unsigned kOk = 200;

// What the answer says of a refusal.
std::string reason_of(const json::object& answer) {
    const json::value* error = answer.if_contains("error");
    const json::object* why = error == nullptr ? nullptr : error->if_object();
    const json::value* message = why == nullptr ? nullptr : why->if_contains("message");
    const bool is_told = message != nullptr && message->is_string();
    return is_told ? std::string(message->get_string()) : json::serialize(answer);
}

base::Result<json::object> ask_at(const std::string& socket,
                                  const std::string& method,
                                  const std::string& path,
                                  const json::object& question) {
    auto reply = http::ask_local(
        socket, method, path, question.empty() ? std::string() : json::serialize(question));
    if (!reply) {
        return base::gateway_error(PARLEY_E_NOT_FOUND,
                                   "no parley answers at " + socket + ": " + reply.error().message +
                                       "; is it running, with this --state and --config?");
    }
    boost::system::error_code fault;
    json::value answer = json::parse(reply->body, fault);
    if (fault || !answer.is_object()) {
        return base::gateway_error(PARLEY_E_INTERNAL,
                                   "the answer of " + socket + " is not understood");
    }
    if (reply->status == kOk) return std::move(answer.get_object());
    return base::gateway_error(PARLEY_E_CONFLICT, reason_of(answer.get_object()));
}

std::string state_folder(const Options& options) {
    return read_configuration(options, false).loaded.config.state_folder;
}

}  // namespace

std::optional<json::object> ask(const Options& options,
                                const std::string& method,
                                const std::string& path,
                                const json::object& question) {
    auto answer = ask_at(control_path(state_folder(options)), method, path, question);
    if (answer) return std::move(*answer);
    std::cerr << answer.error().message << '\n';
    return std::nullopt;
}

std::optional<std::vector<json::object>> ask_all(const Options& options,
                                                 const std::string& method,
                                                 const std::string& path,
                                                 const json::object& question) {
    const std::string state = state_folder(options);
    std::vector<json::object> answers;
    bool is_refused = false;
    for (int seat = 1; seat <= static_cast<int>(config::kProcessesMax); ++seat) {
        auto answer = ask_at(control_path(state, seat), method, path, question);
        if (answer) {
            answers.push_back(std::move(*answer));
            continue;
        }
        // Of the other seats, those where nobody sits are silent.
        if (seat > 1 && answer.error().error_class == PARLEY_E_NOT_FOUND) continue;
        std::cerr << (seat > 1 ? "worker " + std::to_string(seat) + ": " : "")
                  << answer.error().message << '\n';
        if (answer.error().error_class == PARLEY_E_NOT_FOUND) return std::nullopt;
        is_refused = true;
    }
    if (is_refused) return std::nullopt;
    return answers;
}

base::Result<std::vector<json::object>> ask_who_runs(const Options& options,
                                                     const std::string& method,
                                                     const std::string& path,
                                                     const json::object& question) {
    const std::string state = state_folder(options);
    std::vector<json::object> answers;
    for (int seat = 1; seat <= static_cast<int>(config::kProcessesMax); ++seat) {
        auto answer = ask_at(control_path(state, seat), method, path, question);
        if (answer) {
            answers.push_back(std::move(*answer));
        } else if (answer.error().error_class != PARLEY_E_NOT_FOUND) {
            return std::move(answer).error();
        }
    }
    return answers;
}

bool print_json(const Options& options, const std::vector<json::object>& answers) {
    if (!options.json) return false;
    if (answers.size() == 1) {
        std::cout << json::serialize(answers.front()) << '\n';
    } else {
        const json::object all{{"workers", json::array(answers.begin(), answers.end())}};
        std::cout << json::serialize(all) << '\n';
    }
    return true;
}

void print_worker(const std::vector<json::object>& answers, std::size_t index) {
    if (answers.size() == 1) return;
    std::cout << (index == 0 ? "" : "\n") << "worker " << index + 1 << " of " << answers.size()
              << '\n';
}

}  // namespace parley::command
