// lessons_test.cpp: each lesson of lessons.txt, and each property of properties.txt, has its tests.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

namespace parley::codec {

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
}

// "Suite.Name" of every GoogleTest in the tree.
std::set<std::string> tests_of_the_tree(const fs::path& root) {
    std::set<std::string> names;
    for (const char* folder : {"plugins", "tests"}) {
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            const std::string file = entry.path().string();
            if (!file.ends_with("_test.cpp")) continue;
            const std::string text = contents(entry.path());
            for (std::size_t at = 0; (at = text.find("\nTEST", at)) != text.npos; ++at) {
                const std::size_t open = text.find('(', at);
                const std::size_t comma = text.find(", ", open);
                const std::size_t close = text.find(')', comma);
                if (close == text.npos) break;
                names.insert(text.substr(open + 1, comma - open - 1) + '.' +
                             text.substr(comma + 2, close - comma - 2));
            }
        }
    }
    return names;
}

std::string trimmed(const std::string& text) {
    const std::size_t from = text.find_first_not_of(' ');
    return from == text.npos ? "" : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

bool is_there(const std::string& test, const fs::path& root, const std::set<std::string>& names) {
    if (test.find('/') == test.npos) return names.contains(test);
    const std::size_t colon = test.find(": ");
    const fs::path path = root / test.substr(0, colon);
    if (!fs::exists(path)) return false;
    return colon == test.npos || contents(path).find(test.substr(colon + 2)) != std::string::npos;
}

// What the lines of a file say, each with its tests looked for.
std::vector<std::string> lines_with_tests(const std::string& file) {
    const fs::path root = PARLEY_SOURCE_DIR;
    static const std::set<std::string> kNames = tests_of_the_tree(root);
    std::vector<std::string> said;
    std::istringstream lines(contents(root / file));
    std::string line;
    while (std::getline(lines, line)) {
        const std::size_t bar = line.find(" | ");
        if (line.empty() || line.starts_with("//") || line.starts_with('#')) continue;
        if (bar == line.npos) {
            ADD_FAILURE() << "no tests: " << line;
            continue;
        }
        said.push_back(line.substr(0, bar));
        std::istringstream tests(line.substr(bar + 3));
        std::string test;
        while (std::getline(tests, test, ',')) {
            // Words of a test may have a comma in them.
            while (!is_there(trimmed(test), root, kNames) && test.find(": ") != test.npos) {
                std::string more;
                if (!std::getline(tests, more, ',')) break;
                test += ',' + more;
            }
            EXPECT_TRUE(is_there(trimmed(test), root, kNames)) << test << "\nof: " << line;
        }
    }
    return said;
}

TEST(Lessons, HaveTheirTests) {
    const auto lessons = lines_with_tests("tests/codec/lessons.txt");
    std::cout << lessons.size() << " lessons\n";
    EXPECT_GT(lessons.size(), 60u);
}

TEST(Properties, HaveTheirTests) {
    int number = 0;
    for (const std::string& property : lines_with_tests("tests/codec/properties.txt")) {
        ++number;
        EXPECT_TRUE(property.starts_with(std::to_string(number) + ' ')) << property;
    }
    EXPECT_EQ(number, 25);
}

}  // namespace

}  // namespace parley::codec
