// short.cpp: a fuzzer without a fuzzing engine, for `make test`: every seed of its own, and as many
// changes of each as there is time for, the same in every run.
//
// PARLEY_FUZZ_SECONDS bounds it. An input that something does not hold for is left in the working
// directory, under the name that is printed.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

const std::string* current = nullptr;
constexpr const char* kLeft = "fuzz-input";

// Only what a dying process may do.
void leave_input() {
    if (current == nullptr) return;
    const int file = open(kLeft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const ssize_t wrote = file < 0 ? -1 : write(file, current->data(), current->size());
    static constexpr char kWords[] = "the input is in ./fuzz-input\n";
    if (wrote >= 0) (void)!write(STDERR_FILENO, kWords, sizeof(kWords) - 1);
}

void on_signal(int number) {
    leave_input();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

void try_one(const std::string& input) {
    // Memory of its own, so that one byte too far is seen.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    current = &input;
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    current = nullptr;
}

// Some bytes lost, doubled, turned, or taken from another seed.
std::string changed(std::string text, const std::string& other, std::mt19937& random) {
    static const std::string kPieces[] = {"\"",
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\\",
                                          "\\u12",
                                          "null",
                                          "-1",
                                          "1e999",
                                          "\xff",
                                          "\xc3",
                                          "\n",
                                          "\n\n",
                                          "\r",
                                          "data: ",
                                          "event: error\n",
                                          "\"index\":9,",
                                          "[DONE]",
                                          "\\ud83e"};
    for (std::size_t n = 1 + random() % 4; n != 0; --n) {
        const std::size_t at = random() % (text.size() + 1);
        const std::size_t size = 1 + random() % 40;
        switch (random() % 6) {
            case 0:
                text.erase(at, size);
                break;
            case 1:
                text.insert(at, text.substr(random() % (text.size() + 1), size));
                break;
            case 2:
                if (at < text.size()) text[at] = static_cast<char>(random());
                break;
            case 3:
                text.insert(at, other.substr(random() % (other.size() + 1), size));
                break;
            case 4:
                text.resize(at);
                break;
            default:
                text.insert(at, kPieces[random() % std::size(kPieces)]);
                break;
        }
    }
    return text;
}

std::vector<std::string> read_seeds(std::string list) {
    std::vector<std::string> seeds;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::ifstream in(list.substr(0, comma), std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        list.erase(0, comma + 1);
    }
    return seeds;
}

}  // namespace

int main(int count, char** arguments) {
    LLVMFuzzerInitialize(&count, &arguments);
    const std::string last = arguments[count - 1];
    const std::string kSeeds = "-seed_inputs=";
    if (!last.starts_with(kSeeds)) {
        std::fprintf(stderr, "no seeds\n");
        return 1;
    }
    for (const int number : {SIGILL, SIGTRAP, SIGABRT, SIGSEGV}) std::signal(number, on_signal);
    if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(leave_input);
    const std::vector<std::string> seeds = read_seeds(last.substr(kSeeds.size()));
    for (const std::string& seed : seeds) try_one(seed);
    const char* told = std::getenv("PARLEY_FUZZ_SECONDS");
    const double seconds = told == nullptr ? 3 : std::strtod(told, nullptr);
    const auto start = std::chrono::steady_clock::now();
    const auto is_over = [&] {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        return passed.count() >= seconds;
    };
    std::mt19937 random(1);
    std::size_t tried = 0;
    while (!is_over()) {
        const std::string& seed = seeds[random() % seeds.size()];
        const std::string& other = seeds[random() % seeds.size()];
        try_one(changed(seed, other, random));
        ++tried;
    }
    std::printf("%zu seeds, %zu changes of them\n", seeds.size(), tried);
    return 0;
}
