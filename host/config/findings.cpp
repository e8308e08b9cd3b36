#include "config/findings.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace parley::config {

void Findings::stands_at(std::string path, Position position) {
    sources_.insert_or_assign(std::move(path), Source{position, {}});
}

void Findings::came_from(std::string path, std::string variable) {
    const auto is_inside = [&](const auto& entry) {
        const std::string_view other = entry.first;
        return other.size() > path.size() && other.starts_with(path) &&
               (other[path.size()] == '.' || other[path.size()] == '[');
    };
    std::erase_if(sources_, is_inside);
    sources_.insert_or_assign(std::move(path), Source{{}, std::move(variable)});
}

Findings::Source Findings::source(std::string_view path) const {
    while (true) {
        const auto found = sources_.find(path);
        if (found != sources_.end()) return found->second;
        if (path.empty()) return {};
        const std::size_t end = path.find_last_of(".[");
        path = end == std::string_view::npos ? std::string_view{} : path.substr(0, end);
    }
}

Position Findings::position(std::string_view path) const {
    return source(path).position;
}

bool Findings::is_from_environment(std::string_view path) const {
    return !source(path).variable.empty();
}

std::string Findings::place(std::string_view path) const {
    const Source from = source(path);
    if (!from.variable.empty()) return from.variable;
    if (from.position.line != 0) return "line " + std::to_string(from.position.line);
    return std::string(path);
}

void Findings::fault(std::string_view path, std::string message) {
    Source from = source(path);
    out_.faults.push_back(
        Fault{from.position, std::string(path), std::move(message), std::move(from.variable)});
}

void Findings::fault_at(Position position, std::string_view path, std::string message) {
    out_.faults.push_back(Fault{position, std::string(path), std::move(message)});
}

void Findings::fault_in(std::string variable, std::string message) {
    out_.faults.push_back(Fault{{}, "", std::move(message), std::move(variable)});
}

void Findings::sort() {
    const auto key = [](const Fault& fault) {
        return std::tuple(fault.position.line == 0, fault.position.line, fault.position.column);
    };
    std::stable_sort(out_.faults.begin(), out_.faults.end(), [&](const Fault& a, const Fault& b) {
        return key(a) < key(b);
    });
}

}  // namespace parley::config
