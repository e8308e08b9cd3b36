// config/findings.hpp: the faults found so far, and where every value came from.
//
// A path is dotted, as faults print it: "provider[1].account[0].api_key". What has no place of its
// own, such as a missing key, is placed where the table around it stands.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/load.hpp"

namespace parley::config {

class Findings {
public:
    explicit Findings(Loaded& out) : out_(out) {}

    void stands_at(std::string path, Position position);
    // The whole value, with all in it.
    void came_from(std::string path, std::string variable);

    Position position(std::string_view path) const;
    bool is_from_environment(std::string_view path) const;
    // `line 12`, the variable's name, or the path itself.
    std::string place(std::string_view path) const;

    void fault(std::string_view path, std::string message);
    void fault_at(Position position, std::string_view path, std::string message);
    // The variable itself is at fault.
    void fault_in(std::string variable, std::string message);

    void warn(Fault warning) { out_.warnings.push_back(std::move(warning)); }

    // Brings the faults into the order of the file.
    void sort();

private:
    struct Source {
        Position position;
        std::string variable;
    };

    Source source(std::string_view path) const;

    Loaded& out_;
    std::map<std::string, Source, std::less<>> sources_;
};

}  // namespace parley::config
