// reply_out.hpp: canonical events become a client's reply: what both dialects have in common.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

// One reply. Nothing is written for a whole reply before its end, nor when it fails.
class Encoder {
public:
    virtual ~Encoder() = default;
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    virtual void encode(const parley_event& event, sdk::Out& out) = 0;
    // Of PART_STARTED: whether anything of the part is told.
    virtual bool shows(const parley_event& part) const = 0;

protected:
    Encoder() = default;
};

// The reply's id in the client's spelling. Upstreams without ids get one from the request.
std::string reply_id(std::string_view prefix,
                     std::string_view upstream_id,
                     const parley_request& request);

// The id of a call: as it came when it is short and printable, which all clients take.
std::string wire_call_id(std::string_view id);

// A member of an event's `extra`, raw; empty when it has none.
std::string_view extra_member(const parley_event& event, std::string_view name);

// Appends JSON of any layout on one line, as events need it.
void append_json(std::string& out, std::string_view json);

// Whether a SEAL event goes into the client's own field.
bool is_own_seal(const parley_event& event);

// {"type":"url_citation","start_index",…} and, when `nested`, the members one level deeper.
struct Citation {
    std::string_view url;
    std::string_view title;
    uint64_t start = 0;
    uint64_t end = 0;
};

void write_citation(sdk::JsonWriter& w, const Citation& c, bool nested);

// Code points of UTF-8.
uint64_t code_points(std::string_view text);

std::unique_ptr<Encoder> make_chat_encoder(const parley_codec_open& open);
std::unique_ptr<Encoder> make_text_encoder(const parley_codec_open& open);
std::unique_ptr<Encoder> make_responses_encoder(const parley_codec_open& open);
std::unique_ptr<Encoder> make_embeddings_encoder(const parley_codec_open& open);

}  // namespace parley::openai
