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

}  // namespace

std::optional<json::object> ask(const Options& options,
                                const std::string& method,
                                const std::string& path,
                                const json::object& question) {
    const std::string state = read_configuration(options, false).loaded.config.state_folder;
    const std::string socket = control_path(state);
    const auto reply = http::ask_local(
        socket, method, path, question.empty() ? std::string() : json::serialize(question));
    if (!reply) {
        std::cerr << "no parley answers at " << socket << ": " << reply.error().message
                  << "; is it running, with this --state and --config?\n";
        return std::nullopt;
    }
    boost::system::error_code fault;
    json::value answer = json::parse(reply->body, fault);
    if (fault || !answer.is_object()) {
        std::cerr << "the answer of " << socket << " is not understood\n";
        return std::nullopt;
    }
    if (reply->status == kOk) return std::move(answer.get_object());
    std::cerr << reason_of(answer.get_object()) << '\n';
    return std::nullopt;
}

}  // namespace parley::command
