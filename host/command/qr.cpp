#include "command/qr.hpp"

#include <memory>
#include <qrencode.h>

namespace parley::command {

namespace {

constexpr int kQuiet = 2;  // modules of light around; the standard says 4, telephones take 2

struct QrFree {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

bool is_dark(const QRcode& code, int x, int y) {
    if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
    return (code.data[y * code.width + x] & 1) != 0;
}

}  // namespace

std::string qr_code(std::string_view text, std::size_t columns) {
    const std::unique_ptr<QRcode, QrFree> code(
        QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_L));
    if (code == nullptr) return {};
    const int width = code->width + 2 * kQuiet;
    if (static_cast<std::size_t>(width) > columns) return {};
    std::string out;
    for (int y = -kQuiet; y < code->width + kQuiet; y += 2) {
        // Said in full, so that it is light on a dark terminal too.
        out += "\033[30;107m";
        for (int x = -kQuiet; x < code->width + kQuiet; ++x) {
            const bool above = is_dark(*code, x, y);
            const bool below = is_dark(*code, x, y + 1);
            out += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
        }
        out += "\033[0m\n";
    }
    return out;
}

}  // namespace parley::command
