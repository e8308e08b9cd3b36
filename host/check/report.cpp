#include "check/report.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace parley::check {

namespace json = boost::json;

namespace {

constexpr std::size_t kIdWidth = 5;

std::string indented(const std::string& text) {
    std::string out = "        ";
    for (const char c : text) {
        out += c;
        if (c == '\n') out += "        ";
    }
    return out + '\n';
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\n':
                out += "&#10;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return out;
}

std::string seconds(std::int64_t ms) {
    const std::string rest = std::to_string(1000 + ms % 1000).substr(1);
    return std::to_string(ms / 1000) + '.' + rest;
}

std::string junit_case(const Report& report, const Row& row) {
    std::string out = "  <testcase classname=\"" + escaped(report.plugin) + "\" name=\"" +
                      escaped(row.id + ' ' + row.title) + "\" time=\"" + seconds(row.took_ms) +
                      "\"";
    switch (row.outcome.verdict) {
        case Verdict::failed:
            return out + ">\n    <failure message=\"" + escaped(row.outcome.text) + "\">" +
                   escaped(row.cure) + "</failure>\n  </testcase>\n";
        case Verdict::skipped:
            return out + ">\n    <skipped message=\"" + escaped(row.outcome.text) +
                   "\"/>\n  </testcase>\n";
        case Verdict::warned:
            return out + ">\n    <system-out>" + escaped("warning: " + row.outcome.text) +
                   "</system-out>\n  </testcase>\n";
        case Verdict::passed:
            break;
    }
    return out + "/>\n";
}

}  // namespace

void print(const Row& row, std::ostream& out) {
    const std::string id = row.id + std::string(kIdWidth - std::min(kIdWidth, row.id.size()), ' ');
    out << id << name_of(row.outcome.verdict) << "  " << row.title << '\n';
    if (!row.outcome.text.empty()) out << indented(row.outcome.text);
    if (!row.cure.empty()) out << indented("cure: " + row.cure);
}

std::string summary(const Report& report) {
    std::string out;
    for (const Verdict verdict :
         {Verdict::passed, Verdict::warned, Verdict::skipped, Verdict::failed}) {
        if (!out.empty()) out += ", ";
        out += std::to_string(report.count(verdict)) + ' ' + std::string(name_of(verdict));
    }
    return (report.plugin.empty() ? report.file : report.plugin) + ": " + out;
}

std::string to_json(const Report& report) {
    json::array rows;
    for (const Row& row : report.rows) {
        json::object one{{"id", row.id},
                         {"title", row.title},
                         {"verdict", name_of(row.outcome.verdict)},
                         {"took_ms", row.took_ms}};
        if (!row.outcome.text.empty()) one["found"] = row.outcome.text;
        if (!row.cure.empty()) one["cure"] = row.cure;
        rows.push_back(std::move(one));
    }
    json::object all{{"file", report.file},
                     {"plugin", report.plugin},
                     {"sha256", report.sha256},
                     {"checks", std::move(rows)}};
    for (const Verdict verdict :
         {Verdict::passed, Verdict::warned, Verdict::skipped, Verdict::failed}) {
        all[name_of(verdict)] = report.count(verdict);
    }
    return json::serialize(all);
}

std::string to_junit(const Report& report) {
    std::int64_t took_ms = 0;
    for (const Row& row : report.rows) took_ms += row.took_ms;
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" +
                      escaped(report.file) + "\" tests=\"" + std::to_string(report.rows.size()) +
                      "\" failures=\"" + std::to_string(report.count(Verdict::failed)) +
                      "\" skipped=\"" + std::to_string(report.count(Verdict::skipped)) +
                      "\" time=\"" + seconds(took_ms) + "\">\n";
    for (const Row& row : report.rows) out += junit_case(report, row);
    return out + "</testsuite>\n";
}

}  // namespace parley::check
