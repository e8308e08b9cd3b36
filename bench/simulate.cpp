// bench/simulate.cpp: policies against each other, by a clock that nobody waits for.
//
// Accounts have windows of an hour and of five hours, which their replies tell, and keep the
// prompts of conversations for five minutes. Conversations come by Zipf's law; each asks turn by
// turn, its prompt growing. The routing code is the real one. Figures are the same on every run.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "accounts/book.hpp"
#include "routing/place.hpp"
#include "routing/pool.hpp"

namespace {

using namespace parley;

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kHour = 3'600 * kSecond;
constexpr std::int64_t kCacheMs = 300 * kSecond;

struct Scene {
    int accounts = 12;
    int conversations = 3'000;
    double utilisation = 0.9;  // of what all accounts together may spend, when caches work ideally
    int hours = 20;
    bool has_limits = true;
    unsigned seed = 1;
};

// One of the windows of an account.
struct Window {
    const char* name;
    std::int64_t length_ms;
    double limit;
    double used = 0;
    std::int64_t ends_ms = 0;

    void roll(std::int64_t now_ms) {
        if (now_ms < ends_ms) return;
        used = 0;
        ends_ms += ((now_ms - ends_ms) / length_ms + 1) * length_ms;
    }
};

struct Upstream {
    std::vector<Window> windows;
    std::map<int, std::pair<double, std::int64_t>> cache;  // conversation: tokens, until
    int busy = 0;
    double spent = 0;
};

struct Request {
    int conversation;
    double prompt;
    double output;
};

struct Outcome {
    std::uint64_t requests = 0;
    std::uint64_t refusals = 0;  // 429s of upstreams
    std::uint64_t unserved = 0;  // requests that nobody served
    double prompt_tokens = 0;
    double cached_tokens = 0;
    std::vector<double> content_ms;
    double fairness = 0;
};

// Of what is spent, the share that counts against windows: cached input does not.
double cost_of(double uncached, double output) {
    return uncached + output;
}

class Simulation {
public:
    Simulation(const Scene& scene,
               const std::string& policy,
               bool is_affine,
               bool never_moves = false)
        : scene_(scene), random_(scene.seed), is_affine_(is_affine), affinity_(bytes(), kHour) {
        if (never_moves) {
            limits_.affinity_load_min = 1'000'000;
            limits_.affinity_share_percent = 0;
        }
        place_.state = book_.open(accounts::Book::id_of_provider("p"));
        std::vector<routing::Candidate> candidates;
        for (int i = 0; i < scene.accounts; ++i) {
            accounts::Account& account = accounts_.emplace_back();
            account.id = "p/" + std::to_string(i);
            account.state = book_.open(account.id);
            candidates.push_back({&place_, &account, "m"});
        }
        pool_ = std::make_unique<routing::Pool>(std::move(candidates),
                                                routing::find_policy(policy),
                                                7,
                                                routing::PoolSettings{limits_, affinity_});
        draw_traffic();
    }

    Outcome run() {
        for (const auto& [at, request] : traffic_) {
            now_ms_ = at;
            finish_until(at);
            ask(request);
        }
        outcome_.fairness = jain();
        return std::move(outcome_);
    }

private:
    std::uint64_t bytes() const { return is_affine_ ? limits_.affinity_bytes_max : 0; }

    // Who asks when, and from that what the windows must hold for the wanted utilisation.
    void draw_traffic() {
        std::vector<double> weights;
        for (int i = 1; i <= scene_.conversations; ++i) weights.push_back(1.0 / std::pow(i, 0.9));
        std::discrete_distribution<int> conversation(weights.begin(), weights.end());
        std::exponential_distribution<double> gap(1.0 / 600.0);
        std::lognormal_distribution<double> written(6.0, 0.8);
        // As if they had gone on for long already.
        std::uniform_real_distribution<double> grown_to(4'000, 60'000);
        std::vector<double> prompts(weights.size());
        for (double& prompt : prompts) prompt = grown_to(random_);
        std::vector<std::int64_t> last(weights.size(), -kHour);
        double ideal = 0;
        const std::int64_t end = start_ms_ + scene_.hours * kHour;
        for (std::int64_t at = start_ms_; at < end;) {
            at += static_cast<std::int64_t>(gap(random_)) + 1;
            const int c = conversation(random_);
            double& prompt = prompts[static_cast<std::size_t>(c)];
            // A conversation that has grown too long begins anew.
            if (prompt > 60'000) prompt = 4'000;
            const double output = std::min(written(random_), 8'000.0);
            const double grown = prompt + 300 + output;
            const bool is_warm = at - last[static_cast<std::size_t>(c)] < kCacheMs;
            ideal += cost_of(is_warm ? 300 + output : prompt, output);
            traffic_.emplace_back(at, Request{c, prompt, output});
            prompt = grown;
            last[static_cast<std::size_t>(c)] = at;
        }
        const double hourly = ideal / scene_.hours / scene_.utilisation / scene_.accounts;
        for (int i = 0; i < scene_.accounts; ++i) {
            Upstream& upstream = upstreams_.emplace_back();
            // They do not begin together.
            const std::int64_t offset = i * kHour / scene_.accounts;
            upstream.windows = {{"1h", kHour, hourly * 1.15, 0, start_ms_ + offset},
                                {"5h", 5 * kHour, hourly * 5, 0, start_ms_ + 5 * offset}};
        }
    }

    void ask(const Request& request) {
        ++outcome_.requests;
        outcome_.prompt_tokens += request.prompt;
        std::vector<std::uint64_t> tried;
        for (unsigned attempt = 1; attempt <= 3; ++attempt) {
            routing::Ask ask;
            ask.now_ms = now_ms_;
            ask.random = (std::uint64_t{random_()} << 32) | random_();
            ask.attempt = attempt;
            ask.tried = tried;
            ask.session = static_cast<std::uint64_t>(request.conversation) + 1;
            routing::Picked picked = pool_->pick(ask);
            if (picked.candidate == nullptr) break;
            tried.push_back(picked.number);
            if (serve(request, std::move(picked))) return;
        }
        ++outcome_.unserved;
    }

    bool serve(const Request& request, routing::Picked picked) {
        const accounts::Account& account = *picked.candidate->account;
        Upstream& upstream = upstreams_[static_cast<std::size_t>(std::stoi(account.id.substr(2)))];
        const auto warm = upstream.cache.find(request.conversation);
        const bool is_warm = warm != upstream.cache.end() && warm->second.second > now_ms_;
        const double cached = is_warm ? std::min(warm->second.first, request.prompt) : 0;
        const double cost = cost_of(request.prompt - cached, request.output);
        std::int64_t wait = 0;
        for (Window& window : upstream.windows) {
            window.roll(now_ms_);
            if (scene_.has_limits && window.used >= window.limit)
                wait = std::max(wait, window.ends_ms - now_ms_);
        }
        if (wait != 0) {
            ++outcome_.refusals;
            routing::Fault fault;
            fault.error_class = PARLEY_E_RATE_LIMITED;
            fault.scope = PARLEY_SCOPE_ACCOUNT;
            fault.retry_after_ms = static_cast<std::uint64_t>(wait);
            picked.attempt.fail(fault, now_ms_, random_());
            return false;
        }
        for (Window& window : upstream.windows) window.used += cost;
        upstream.spent += cost;
        upstream.cache[request.conversation] = {request.prompt + request.output,
                                                now_ms_ + kCacheMs};
        outcome_.cached_tokens += cached;
        // A busy account is slower; what is not cached has to be read.
        const double content = 300 + (request.prompt - cached) * 0.05 * (1 + 0.1 * upstream.busy);
        outcome_.content_ms.push_back(content);
        picked.attempt.content(now_ms_ + static_cast<std::int64_t>(content));
        ++upstream.busy;
        const auto total = static_cast<std::int64_t>(content + request.output * 12);
        under_way_.push(
            {now_ms_ + total, std::make_shared<routing::Picked>(std::move(picked)), &upstream});
        return true;
    }

    void tell(const accounts::Account& account, const Window& window, std::int64_t at_ms) {
        accounts::Window told = accounts::Window::named(window.name);
        told.limit = static_cast<std::uint64_t>(window.limit);
        told.remaining = static_cast<std::uint64_t>(std::max(window.limit - window.used, 0.0));
        told.reset_ms = window.ends_ms;
        told.length_ms = static_cast<std::uint64_t>(window.length_ms);
        account.state->health.told(told, at_ms);
    }

    void finish_until(std::int64_t now_ms) {
        while (!under_way_.empty() && under_way_.top().at_ms <= now_ms) {
            const End end = under_way_.top();
            under_way_.pop();
            end.picked->attempt.succeed(end.at_ms);
            // What is left is known when a reply has been seen, not when it was asked for.
            for (const Window& window : end.upstream->windows) {
                if (scene_.has_limits) tell(*end.picked->candidate->account, window, end.at_ms);
            }
            --end.upstream->busy;
        }
    }

    double jain() const {
        double sum = 0;
        double squares = 0;
        for (const Upstream& upstream : upstreams_) {
            sum += upstream.spent;
            squares += upstream.spent * upstream.spent;
        }
        return squares == 0 ? 1 : sum * sum / (static_cast<double>(upstreams_.size()) * squares);
    }

    struct End {
        std::int64_t at_ms;
        std::shared_ptr<routing::Picked> picked;
        Upstream* upstream;

        bool operator<(const End& other) const { return at_ms > other.at_ms; }
    };

    const Scene scene_;
    std::mt19937 random_;
    const bool is_affine_;
    const std::int64_t start_ms_ = 10 * kHour;
    std::int64_t now_ms_ = start_ms_;
    config::RoutingLimits limits_;
    accounts::Book book_;
    routing::Place place_;
    std::deque<accounts::Account> accounts_;
    routing::Affinity affinity_;
    std::unique_ptr<routing::Pool> pool_;
    std::deque<Upstream> upstreams_;
    std::vector<std::pair<std::int64_t, Request>> traffic_;
    std::priority_queue<End> under_way_;
    Outcome outcome_;
};

double percentile(std::vector<double>& values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void print(const std::string& name, Outcome outcome) {
    const auto requests = static_cast<double>(outcome.requests);
    std::printf("%-22s %8.3f %9.3f %9.2f %9.0f %9.0f %7.3f\n",
                name.c_str(),
                100.0 * static_cast<double>(outcome.refusals) / requests,
                100.0 * static_cast<double>(outcome.unserved) / requests,
                100.0 * outcome.cached_tokens / outcome.prompt_tokens,
                percentile(outcome.content_ms, 0.5),
                percentile(outcome.content_ms, 0.99),
                outcome.fairness);
}

}  // namespace

int main(int argc, char** argv) {
    Scene scene;
    if (argc > 1) scene.utilisation = std::atof(argv[1]);
    if (argc > 2) scene.accounts = std::atoi(argv[2]);
    if (argc > 3) scene.seed = static_cast<unsigned>(std::atoi(argv[3]));
    if (argc > 4) scene.conversations = std::atoi(argv[4]);
    const bool is_sane = scene.utilisation > 0 && scene.accounts > 0 && scene.conversations > 0;
    if (!is_sane) {
        std::fprintf(stderr,
                     "usage: bench_simulate [utilisation [accounts [seed [conversations]]]]\n");
        return 2;
    }
    std::printf("%d accounts, %d conversations, %d hours, utilisation %.2f, seed %u\n",
                scene.accounts,
                scene.conversations,
                scene.hours,
                scene.utilisation,
                scene.seed);
    std::printf("%-22s %8s %9s %9s %9s %9s %7s\n",
                "policy",
                "429 %",
                "unserved%",
                "cached %",
                "ttft p50",
                "ttft p99",
                "Jain");
    // What caches can give at best: nobody is ever refused, no conversation ever moves.
    Scene boundless = scene;
    boundless.has_limits = false;
    print("pure sticky, no limits", Simulation(boundless, "round-robin", true, true).run());
    print("pure sticky", Simulation(scene, "round-robin", true, true).run());
    for (const std::string& policy : routing::policy_names()) {
        print(policy, Simulation(scene, policy, false).run());
    }
    for (const std::string& policy : routing::policy_names()) {
        print(policy + " +affinity", Simulation(scene, policy, true).run());
    }
    return 0;
}
