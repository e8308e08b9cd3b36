// parley/sdk/op_stage.hpp: an op of a plugin on a stage: written answers in place of the world, and
// a transcript of all that was said. It can be stopped after any step and given errors at any.
#pragma once

#include <deque>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/op.h"

namespace parley::stage {

// What the world answers to the next effect: "clock 1700000000000", "timer", "random abc", "show",
// "callback code=a&state=b", "fail 15 timed out", or "http 200" with header lines, an empty line
// and a body under it.
struct Answer {
    std::string kind;
    std::string rest;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
};

// Answers stand one after the other, each ended by a line of three dashes.
inline std::vector<Answer> read_answers(const std::string& text) {
    std::vector<Answer> all;
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
        Answer answer;
        const std::size_t space = line.find(' ');
        answer.kind = line.substr(0, space);
        if (space != line.npos) answer.rest = line.substr(space + 1);
        bool in_body = false;
        while (std::getline(lines, line) && line != "---") {
            const std::size_t colon = line.find(": ");
            if (in_body) {
                answer.body += (answer.body.empty() ? "" : "\n") + line;
            } else if (line.empty()) {
                in_body = true;
            } else {
                answer.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
            }
        }
        all.push_back(std::move(answer));
    }
    return all;
}

class Stage {
public:
    Stage(const parley_op_table* table, parley_op* op) : table_(table), op_(op) {
        effects_.struct_size = sizeof(effects_);
        effects_.ctx = this;
        effects_.http = [](const parley_effects* e, uint64_t id, const parley_http_call* call) {
            return of(e).ask(id, "http", describe(*call));
        };
        effects_.timer = [](const parley_effects* e, uint64_t id, uint64_t wait_ms) {
            return of(e).ask(id, "timer", std::to_string(wait_ms));
        };
        effects_.random = [](const parley_effects* e, uint64_t id, uint64_t size) {
            return of(e).ask(id, "random", std::to_string(size));
        };
        effects_.clock = [](const parley_effects* e, uint64_t id) {
            return of(e).ask(id, "clock", "");
        };
        effects_.show_user =
            [](const parley_effects* e, uint64_t id, const parley_show_user* show) {
                const auto text = [](parley_str s) { return std::string(s.ptr, s.len); };
                std::string what = text(show->url);
                if (show->code.len != 0) what += "\n    code: " + text(show->code);
                if (show->message.len != 0) what += "\n    " + text(show->message);
                if (show->expires_in_ms != 0) {
                    what += "\n    expires in " + std::to_string(show->expires_in_ms);
                }
                return of(e).ask(id, "show", what);
            };
        effects_.await_callback =
            [](const parley_effects* e, uint64_t id, const parley_await_callback* callback) {
                const auto text = [](parley_str s) { return std::string(s.ptr, s.len); };
                return of(e).ask(id,
                                 "callback",
                                 std::to_string(callback->port) + ' ' + text(callback->path) +
                                     " state " + text(callback->state));
            };
        effects_.publish = [](const parley_effects* e, parley_str told) -> parley_status {
            Stage& self = of(e);
            if (self.published) self.broken = "published twice";
            self.published = true;
            self.result.assign(told.ptr, told.len);
            self.transcript += "publish " + self.result + '\n';
            return PARLEY_OK;
        };
    }

    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    ~Stage() { end(); }

    // Cancels the op, if it still is there.
    void end() {
        if (op_ != nullptr) table_->destroy(std::exchange(op_, nullptr));
    }

    bool is_over() const { return status != PARLEY_PENDING; }

    void start() {
        parley_resume resume{};
        resume.struct_size = sizeof(resume);
        resume.kind = PARLEY_EFFECT_START;
        step(resume);
    }

    // What the effect that waits longest asks for: "http", "timer" ...; empty: nothing is asked.
    std::string asked() const {
        return outstanding_.empty() ? std::string() : outstanding_.begin()->second.kind;
    }

    // And with what words, as the transcript has them.
    std::string asked_for() const {
        return outstanding_.empty() ? std::string() : outstanding_.begin()->second.what;
    }

    // Gives the answer to the effect that waits longest. An answer of another kind than was asked
    // for breaks the play.
    void answer(const Answer& given) {
        if (outstanding_.empty()) {
            broken = "an answer, but nothing was asked";
            return;
        }
        const uint64_t id = outstanding_.begin()->first;
        const std::string kind = asked();
        outstanding_.erase(outstanding_.begin());
        transcript += "  < " + given.kind + ' ' + given.rest + '\n';
        parley_resume resume{};
        resume.struct_size = sizeof(resume);
        resume.id = id;
        resume.kind = number_of(kind);
        std::vector<parley_header> fields;
        parley_http_reply_head head{};
        parley_error fault{};
        if (given.kind == "fail") {
            std::size_t end = 0;
            resume.status = -std::stoi(given.rest, &end);
            fault.error_class = -resume.status;
            fault.fault = PARLEY_FAULT_UPSTREAM;
            fault.message = {given.rest.data() + end + 1, given.rest.size() - end - 1};
            resume.error = &fault;
        } else if (given.kind != kind) {
            broken = "answered " + given.kind + " to " + kind;
            return;
        } else if (kind == "http") {
            for (const auto& [name, value] : given.fields) {
                fields.push_back({{name.data(), name.size()}, {value.data(), value.size()}, 0});
            }
            head.struct_size = sizeof(head);
            head.status = static_cast<uint32_t>(std::stoul(given.rest));
            head.headers = fields.data();
            head.header_count = fields.size();
            resume.head = &head;
            resume.bytes = bytes_of(given.body);
        } else if (kind == "random") {
            resume.bytes = bytes_of(given.rest);
        } else if (kind == "callback") {
            resume.query = {given.rest.data(), given.rest.size()};
        } else if (kind == "clock") {
            resume.wall_ms = std::stoll(given.rest);
        }
        step(resume);
    }

    // Starts, then gives answers until they or the op are at an end.
    void play(const std::vector<Answer>& answers) {
        start();
        for (const Answer& each : answers) {
            if (is_over() || !broken.empty()) return;
            answer(each);
        }
    }

    parley_status status = PARLEY_PENDING;
    parley_error error{};
    std::string transcript;
    std::string result;
    std::string message;  // why it failed
    std::string broken;   // what no op may do; empty: nothing of it
    bool published = false;

private:
    struct Asked {
        std::string kind;
        std::string what;
    };

    static Stage& of(const parley_effects* effects) { return *static_cast<Stage*>(effects->ctx); }

    static parley_bytes bytes_of(const std::string& text) {
        return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
    }

    static uint32_t number_of(const std::string& kind) {
        return kind == "http"       ? PARLEY_EFFECT_HTTP
               : kind == "timer"    ? PARLEY_EFFECT_TIMER
               : kind == "random"   ? PARLEY_EFFECT_RANDOM
               : kind == "show"     ? PARLEY_EFFECT_SHOW_USER
               : kind == "callback" ? PARLEY_EFFECT_AWAIT_CALLBACK
                                    : PARLEY_EFFECT_CLOCK;
    }

    static std::string describe(const parley_http_call& call) {
        const auto text = [](parley_str s) { return std::string(s.ptr, s.len); };
        std::string out = text(call.method) + ' ' + text(call.url);
        for (uint64_t i = 0; i < call.header_count; ++i) {
            out += "\n    " + text(call.headers[i].name) + ": " + text(call.headers[i].value);
        }
        if (call.content_type.len != 0) out += "\n    content-type: " + text(call.content_type);
        if (call.body.len == 0) return out;
        const auto* body = reinterpret_cast<const char*>(call.body.ptr);
        return out + "\n    " + std::string(body, call.body.len);
    }

    parley_status ask(uint64_t id, const std::string& kind, const std::string& what) {
        if (published || is_over()) broken = kind + " after the end";
        if (!outstanding_.emplace(id, Asked{kind, what}).second) return -PARLEY_E_INVALID_ARGUMENT;
        transcript += kind + (what.empty() ? "" : " ") + what + '\n';
        return PARLEY_OK;
    }

    void step(const parley_resume& resume) {
        arena_.struct_size = sizeof(arena_);
        arena_.ctx = this;
        arena_.alloc = [](const parley_arena* a, uint64_t size, uint64_t) -> void* {
            auto& kept = static_cast<Stage*>(a->ctx)->memory_;
            return kept.emplace_back(std::string(size + 1, '\0')).data();
        };
        error = {};
        error.arena = &arena_;
        status = table_->step(op_, &resume, &effects_, &error);
        if (status == PARLEY_PENDING && outstanding_.empty()) broken = "waits for nothing";
        if (status == PARLEY_DONE && !published) broken = "done without a result";
        if (status >= 0) return;
        message.assign(error.message.ptr, error.message.len);
        transcript += "failed " + std::to_string(-status) + " scope " +
                      std::to_string(error.scope) + ": " + message + '\n';
    }

    const parley_op_table* table_;
    parley_op* op_;
    parley_effects effects_{};
    parley_arena arena_{};
    std::deque<std::string> memory_;
    std::map<uint64_t, Asked> outstanding_;
};

}  // namespace parley::stage
