/* parley/http.h: HTTP as plugins see it. They read heads and describe calls; the host does I/O. */
#ifndef PARLEY_HTTP_H
#define PARLEY_HTTP_H

#include "parley/abi.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_HEADER_SECRET 1ULL /* the value must never be logged */

/* Names compare without case; a plugin writes them in lower case. */
typedef struct parley_header {
    parley_str name;
    parley_str value;
    uint64_t flags; /* PARLEY_HEADER_* */
} parley_header;

/* What a client sent. Valid for the whole exchange. */
typedef struct parley_http_request {
    uint32_t struct_size;
    uint32_t header_count;
    const parley_header *headers;
    parley_str method;
    parley_str path;  /* as sent, percent-encoding kept, without the query */
    parley_str query; /* without the question mark; may be empty */
    parley_bytes body; /* whole, content-encoding removed */
} parley_http_request;

/* The head of an upstream's reply. Valid for the call. */
typedef struct parley_http_reply_head {
    uint32_t struct_size;
    uint32_t status;
    const parley_header *headers;
    uint64_t header_count;
    parley_str content_type; /* the header's value, or empty */
} parley_http_reply_head;

/* A whole reply that a plugin composed. Headers live in the call's arena or are static; the body
 * goes to the parley_out that came with the call. The host adds framing and date. */
typedef struct parley_http_reply {
    uint32_t struct_size;
    uint32_t status;
    const parley_header *headers;
    uint64_t header_count;
    parley_str content_type;
} parley_http_reply;

PARLEY_EXTERN_C_END

#endif
