// pipeline/head_view.hpp: the head of an upstream's reply as plugins see it.
#pragma once

#include <vector>

#include "http/head.hpp"
#include "plugins/border.hpp"

namespace parley::pipeline {

// Valid as long as the head it was made from.
struct HeadView {
    std::vector<parley_header> headers;
    parley_http_reply_head head = plugins::sized<parley_http_reply_head>();

    explicit HeadView(const http::ReplyHead& h) {
        headers.reserve(h.fields.size());
        for (const http::Field& f : h.fields) {
            headers.push_back({plugins::str(f.name), plugins::str(f.value), 0});
        }
        head.status = h.status;
        head.headers = headers.data();
        head.header_count = headers.size();
        head.content_type = plugins::str(h.content_type);
    }
};

}  // namespace parley::pipeline
