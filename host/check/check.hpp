// check/check.hpp: the promises of the border, each put to the test on one plugin file.
//
// Every check runs in a process of its own: a plugin that crashes, hangs or exits fails that check
// and no other. Ids are stable: docs/checks.md and docs/ten-mistakes.md are keyed to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/error.hpp"

namespace parley::check {

enum class Verdict { passed, skipped, warned, failed };

std::string_view name_of(Verdict verdict);

// What came of one check.
struct Outcome {
    Verdict verdict = Verdict::passed;
    std::string text;  // what was found; empty when there is nothing to say
};

// The plugin, and what its components are configured with.
struct Subject {
    std::string path;
    boost::json::object settings;  // what a component's schema knows of these is given to it
    std::chrono::milliseconds check_max{45'000};  // one check may take so long
};

class Trial;

struct Check {
    std::string_view id;
    std::string_view title;
    std::string_view cure;  // what to do when it fails
    std::string_view
        needs;  // ids with spaces between; when one of them did not pass, it is skipped
    void (*run)(Trial& trial);
};

// All of them, in the order in which they run.
std::span<const Check> checks();

struct Row {
    std::string id;
    std::string title;
    std::string cure;  // of what failed or warned
    Outcome outcome;
    std::int64_t took_ms = 0;
};

struct Report {
    std::string file;
    std::string plugin;  // "dev.parley.example 0.1.0"; empty: its manifest cannot be read
    std::string sha256;
    std::vector<Row> rows;

    std::size_t count(Verdict verdict) const;
};

// The settings that no component knows. Loads the file, in a child. [control]
std::vector<std::string> unknown_settings(const Subject& subject);

// Runs them all; `only` is the ids to run, with those that they need; empty: all. Fails when the
// file cannot be read at all. Call it before the process has other threads. [control]
base::Result<Report> run(const Subject& subject,
                         std::span<const std::string> only = {},
                         const std::function<void(const Row&)>& each = {});

}  // namespace parley::check
