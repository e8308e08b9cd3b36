/* parley/request.h: the canonical request, the middle form of what a client asks.
 *
 * The client's dialect builds the tree in the exchange's arena; filters, providers and the
 * upstream's dialect read it in place. Nobody writes to a tree that was handed out: a filter that
 * wants a change builds the nodes that differ and shares the rest.
 *
 * Rules for every struct here
 *   - Valid for the whole exchange, text included. Texts may point into `raw`, so that a base64
 *     image of megabytes is never copied.
 *   - A cleared struct says nothing. NULL, 0 and empty text mean that the client did not say; what
 *     a field means then is the upstream's own default.
 *   - Arrays are arrays of pointers, so that elements can grow by appending. Views such as
 *     parley_str do not grow and stand in arrays as they are.
 *   - Raw JSON is the text of one JSON value as the client spelled it: key order, number spelling
 *     and duplicate keys survive. It is parsed only by those who need a member of it.
 *   - What a dialect does not understand goes into `extras` under its own id, and it writes its
 *     own extras back when the request goes to the same dialect again.
 *   - Enumerations may gain values. A reader takes an unknown value for 0, and leaves out a part
 *     of a kind, or a message of a role, that it does not know.
 *
 * Normal form, which every decoder delivers and every filter keeps
 *   - Neighbours of the same role are one message. Leading system and developer messages are in
 *     `instructions`; later ones stay in place, since moving them would change what came before.
 *   - An assistant message with tool calls is followed by one TOOL message with their results in
 *     the order of the calls, unless it is the last. Missing results are made up, orphans dropped.
 *   - Call ids are unique in the request. Empty texts and empty messages are gone.
 *   - In an assistant message reasoning comes first and tool calls last.
 *   - There is at least one user or tool message, and a function call's arguments are not empty.
 */
#ifndef PARLEY_REQUEST_H
#define PARLEY_REQUEST_H

#include "parley/abi.h"
#include "parley/event.h"

PARLEY_EXTERN_C_BEGIN

/* ---- small things ---------------------------------------------------------------------------- */

/* Three-valued answers; 0: the client did not say. */
#define PARLEY_SAYS_NO 1
#define PARLEY_SAYS_YES 2

/* A number as the client wrote it. Encoders write `text`, so that 0.10 stays 0.10 and a seed of 19
 * digits stays itself; `value` is for comparing and clamping. Absent when text is empty. */
typedef struct parley_number {
    double value; /* IEEE 754 binary64 */
    parley_str text;
} parley_number;

/* One dialect's private members of the object that it is attached to. */
typedef struct parley_extra {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str dialect; /* component id: "openai-chat" */
    parley_str json;    /* raw JSON object */
} parley_extra;

/* Something that a crossing changed or left out, for the reply's warning header. */
typedef struct parley_warning {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str code;  /* PARLEY_WARNING_* */
    parley_str field; /* the client's field, or the type of the tool; may be empty */
} parley_warning;

/* The codes, a closed list: clients and tests compare them. */
#define PARLEY_WARNING_FIELD_DROPPED "field_dropped"
#define PARLEY_WARNING_SAMPLING_DROPPED "sampling_dropped"
#define PARLEY_WARNING_SAMPLING_CLAMPED "sampling_clamped"
#define PARLEY_WARNING_EFFORT_CLAMPED "effort_clamped"
#define PARLEY_WARNING_THINKING_DISABLED "thinking_disabled"
#define PARLEY_WARNING_THINKING_DISABLED_MISSING_HISTORY "thinking_disabled_missing_history"
#define PARLEY_WARNING_MAX_TOKENS_CLAMPED "max_tokens_clamped"
#define PARLEY_WARNING_STRICT_DROPPED "strict_dropped"
#define PARLEY_WARNING_SCHEMA_WEAKENED "schema_weakened"
#define PARLEY_WARNING_JSON_MODE_PROMPTED "json_mode_prompted"
#define PARLEY_WARNING_SCHEMA_VIA_TOOL "schema_via_tool"
#define PARLEY_WARNING_TOOL_DROPPED "tool_dropped"
#define PARLEY_WARNING_TOOL_RENAMED "tool_renamed"
#define PARLEY_WARNING_PARALLEL_UNENFORCED "parallel_unenforced"
#define PARLEY_WARNING_PREFILL_DROPPED "prefill_dropped"
#define PARLEY_WARNING_LEADING_USER_ADDED "leading_user_added"
#define PARLEY_WARNING_SYSTEM_DEMOTED "system_demoted"
#define PARLEY_WARNING_TOOL_RESULT_SYNTHESISED "tool_result_synthesised"
#define PARLEY_WARNING_ORPHAN_TOOL_RESULT "orphan_tool_result"
#define PARLEY_WARNING_DUPLICATE_TOOL_RESULT "duplicate_tool_result"
#define PARLEY_WARNING_TOOL_IMAGE_MOVED "tool_image_moved"
#define PARLEY_WARNING_MEDIA_FETCHED "media_fetched"
#define PARLEY_WARNING_SEAL_INVALID "seal_invalid"
#define PARLEY_WARNING_SEAL_DROPPED "seal_dropped"
#define PARLEY_WARNING_FINISH_APPROXIMATED "finish_approximated"
#define PARLEY_WARNING_USAGE_REPAIRED "usage_repaired"
#define PARLEY_WARNING_TOKEN_COUNT_ESTIMATED "token_count_estimated"
#define PARLEY_WARNING_TOOL_CALL_DROPPED "tool_call_dropped"

/* ---- what parts are made of ------------------------------------------------------------------ */

/* Provider state that must go back unchanged. An encoder sends it only to the family that made it
 * and drops it otherwise: a foreign seal is refused by every upstream. */
typedef struct parley_seal {
    uint32_t struct_size;
    uint32_t scheme;   /* PARLEY_SEAL_* */
    parley_str family; /* who can read it, as the dialects that share it agree: "openai" */
    parley_str model;  /* the model that it is bound to; may be empty */
    parley_str data;   /* as the upstream spelled it */
} parley_seal;

#define PARLEY_CITATION_URL 1
#define PARLEY_CITATION_DOCUMENT 2
#define PARLEY_CITATION_FILE 3
#define PARLEY_CITATION_CONTAINER 4

/* What source_start and source_end count in the cited document. */
#define PARLEY_SOURCE_CHARS 1
#define PARLEY_SOURCE_PAGES 2
#define PARLEY_SOURCE_BLOCKS 3

/* What span_start and span_end count in the part; 0: it supports the whole part. */
#define PARLEY_SPAN_CODEPOINTS 1
#define PARLEY_SPAN_BYTES 2

/* What supports a part's text. */
typedef struct parley_citation {
    uint32_t struct_size;
    uint32_t kind;        /* PARLEY_CITATION_* */
    uint32_t source_unit; /* PARLEY_SOURCE_*; 0: no place told */
    uint32_t span_unit;   /* PARLEY_SPAN_* */
    uint64_t source_start;
    uint64_t source_end;
    uint64_t span_start;
    uint64_t span_end;
    uint64_t document_index; /* DOCUMENT: which document of the request, from 0 */
    parley_str url;
    parley_str title;
    parley_str cited_text;
    parley_str file_id;
    parley_str dialect; /* whose spelling raw is */
    parley_str raw;     /* raw JSON object: the citation as it came; may be empty */
} parley_citation;

/* Where media come from; says what parley_media.data is. */
#define PARLEY_MEDIA_URL 1    /* data: the URL */
#define PARLEY_MEDIA_BASE64 2 /* data: standard base64 with padding, usually a view into raw */
#define PARLEY_MEDIA_FILE 3   /* data: a file id; file_owner: the family that issued it */
#define PARLEY_MEDIA_TEXT 4   /* data: the text of a document */
#define PARLEY_MEDIA_PARTS 5  /* parts: the content of a document */

#define PARLEY_DETAIL_AUTO 1
#define PARLEY_DETAIL_LOW 2
#define PARLEY_DETAIL_HIGH 3
#define PARLEY_DETAIL_ORIGINAL 4

/* The substance of an IMAGE, DOCUMENT, AUDIO or VIDEO part. */
typedef struct parley_media {
    uint32_t struct_size;
    uint32_t source;    /* PARLEY_MEDIA_* */
    uint32_t detail;    /* IMAGE: PARLEY_DETAIL_* */
    uint32_t citations; /* DOCUMENT: PARLEY_SAYS_*, whether the model shall cite it */
    parley_str mime;    /* may be empty for URL and FILE */
    parley_str data;
    parley_str file_owner;
    const struct parley_part *const *parts;
    uint64_t part_count;
    parley_str filename;
    parley_str title;
    parley_str context;    /* DOCUMENT: a note about it for the model */
    parley_str transcript; /* AUDIO: what is said, when told */
    parley_str start;      /* VIDEO: the offset in the client's spelling: "2.5s" */
    parley_str end;        /* VIDEO: ditto */
    parley_number fps;     /* VIDEO */
    int64_t expires_at_s;  /* FILE: seconds since 1970; 0: not told */
} parley_media;

/* The substance of a TOOL_CALL part. */
typedef struct parley_tool_call {
    uint32_t struct_size;
    uint32_t kind; /* PARLEY_TOOL_CALL_* */
    parley_str id;
    parley_str name;
    parley_str name_space; /* may be empty; qualifies name */
    parley_str arguments;  /* FUNCTION: raw JSON, as the model wrote it; CUSTOM: free text */
    parley_str caller;     /* raw JSON: what made the call if not the model; may be empty */
} parley_tool_call;

/* The substance of a TOOL_RESULT part. */
typedef struct parley_tool_result {
    uint32_t struct_size;
    uint32_t is_error; /* PARLEY_SAYS_* */
    parley_str call_id;
    parley_str name; /* of the tool; filled from the call where the client omitted it */
    /* TEXT, IMAGE, DOCUMENT, SEARCH_RESULT and TOOL_REFERENCE. */
    const struct parley_part *const *parts;
    uint64_t part_count;
} parley_tool_result;

#define PARLEY_REASONING_SUMMARY 1
#define PARLEY_REASONING_RAW 2

/* One stretch of reasoning. */
typedef struct parley_reasoning_section {
    uint32_t struct_size;
    uint32_t kind; /* PARLEY_REASONING_* */
    parley_str text;
} parley_reasoning_section;

/* The substance of a REASONING part; its seal is on the part. */
typedef struct parley_reasoning {
    uint32_t struct_size;
    uint32_t redacted; /* 1: there is nothing but the seal */
    const parley_reasoning_section *const *sections;
    uint64_t section_count;
} parley_reasoning;

/* The substance of a SEARCH_RESULT part: what the client's own search found. */
typedef struct parley_search_result {
    uint32_t struct_size;
    uint32_t citations; /* PARLEY_SAYS_* */
    parley_str source;
    parley_str title;
    const struct parley_part *const *parts; /* TEXT */
    uint64_t part_count;
} parley_search_result;

/* The substance of a SERVER_ITEM part. */
typedef struct parley_server_item {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str tool; /* "web_search", "code_execution", "mcp", "compaction" ...; open */
    parley_str id;
    parley_str status;  /* in the words of the dialect it came from */
    parley_str summary; /* one line for dialects that cannot carry it: "[web_search: parley]" */
    parley_str dialect; /* whose spelling raw is */
    parley_str raw;     /* raw JSON object */
} parley_server_item;

/* ---- parts and messages ---------------------------------------------------------------------- */

/* A point up to which the upstream is asked to cache, and for how long. */
#define PARLEY_CACHE_MARK 1 /* as long as is usual */
#define PARLEY_CACHE_5M 2
#define PARLEY_CACHE_30M 3
#define PARLEY_CACHE_1H 4
#define PARLEY_CACHE_24H 5

/* One part of a message. Its kind says which of the pointers is set; the others are NULL. */
typedef struct parley_part {
    uint32_t struct_size;
    uint32_t kind;     /* PARLEY_PART_* */
    uint32_t role;     /* in `instructions`: PARLEY_ROLE_SYSTEM or _DEVELOPER; elsewhere 0 */
    uint32_t cache;    /* PARLEY_CACHE_*: a breakpoint after this part */
    parley_str text;   /* TEXT, REFUSAL: the text; TOOL_REFERENCE: the tool's name */
    parley_str origin; /* the client's path to it, for errors: "messages[2].content[0]" */
    const parley_seal *seal;                  /* REASONING, TEXT, TOOL_CALL; may be NULL */
    const parley_media *media;                /* IMAGE, DOCUMENT, AUDIO, VIDEO */
    const parley_tool_call *tool_call;        /* TOOL_CALL */
    const parley_tool_result *tool_result;    /* TOOL_RESULT */
    const parley_reasoning *reasoning;        /* REASONING */
    const parley_search_result *search_result; /* SEARCH_RESULT */
    const parley_server_item *server_item;    /* SERVER_ITEM */
    const parley_citation *const *citations;  /* TEXT, SERVER_ITEM */
    uint64_t citation_count;
    const parley_extra *const *extras;
    uint64_t extra_count;
} parley_part;

#define PARLEY_ROLE_SYSTEM 1
#define PARLEY_ROLE_DEVELOPER 2
#define PARLEY_ROLE_USER 3
#define PARLEY_ROLE_ASSISTANT 4
#define PARLEY_ROLE_TOOL 5 /* holds TOOL_RESULT parts and nothing else */

/* Must go back unchanged to upstreams that gave it. */
#define PARLEY_PHASE_COMMENTARY 1
#define PARLEY_PHASE_FINAL_ANSWER 2

/* One turn. */
typedef struct parley_message {
    uint32_t struct_size;
    uint32_t role;      /* PARLEY_ROLE_* */
    uint32_t phase;     /* PARLEY_PHASE_* */
    uint32_t reserved0;
    parley_str name;    /* of the speaker; may be empty */
    parley_str origin;  /* the client's path to it, for errors */
    const parley_part *const *parts;
    uint64_t part_count;
    const parley_extra *const *extras;
    uint64_t extra_count;
} parley_message;

/* ---- tools ----------------------------------------------------------------------------------- */

#define PARLEY_TOOL_FUNCTION 1 /* the client runs it; the model writes JSON */
#define PARLEY_TOOL_CUSTOM 2   /* the client runs it; the model writes free text */
#define PARLEY_TOOL_SERVER 3   /* the provider runs it */
#define PARLEY_TOOL_CLIENT 4   /* the client runs it, the provider knows its shape: a shell */

/* How a CUSTOM tool's input is constrained. */
#define PARLEY_CUSTOM_TEXT 1
#define PARLEY_CUSTOM_LARK 2
#define PARLEY_CUSTOM_REGEX 3

/* What a SERVER tool is asked to do. */
typedef struct parley_server_tool {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str type; /* "web_search", "web_fetch", "code_execution", "file_search" ...; open */
    const parley_str *allowed_domains;
    uint64_t allowed_domain_count;
    const parley_str *blocked_domains;
    uint64_t blocked_domain_count;
    parley_number max_uses;
    parley_str user_location; /* raw JSON object, or empty */
    parley_str config;        /* raw JSON object: the rest, in the client's dialect; or empty */
} parley_server_tool;

/* One tool that the model may use. Names are unique once name_space is put in front. */
typedef struct parley_tool {
    uint32_t struct_size;
    uint32_t kind;          /* PARLEY_TOOL_* */
    uint32_t strict;        /* PARLEY_SAYS_* */
    uint32_t cache;         /* PARLEY_CACHE_*: a breakpoint after this tool */
    uint32_t defer_loading; /* PARLEY_SAYS_* */
    uint32_t eager_stream;  /* PARLEY_SAYS_* */
    uint32_t custom_format; /* CUSTOM: PARLEY_CUSTOM_*; 0: text */
    uint32_t reserved0;
    parley_str name;
    parley_str name_space;
    parley_str description;
    parley_str schema;         /* raw JSON Schema of the arguments; empty: takes none */
    parley_str output_schema;  /* raw JSON Schema, or empty */
    parley_str input_examples; /* raw JSON array, or empty */
    parley_str grammar;        /* CUSTOM: definition for LARK and REGEX */
    parley_str wire_type;      /* SERVER, CLIENT: the dialect's own type: "bash_20250124" */
    parley_str origin_name;    /* the client's name for it, when name was made safe; or empty */
    parley_str origin;         /* the client's path to it, for errors */
    const parley_server_tool *server; /* SERVER, otherwise NULL */
    const parley_extra *const *extras;
    uint64_t extra_count;
} parley_tool;

#define PARLEY_CHOICE_AUTO 1
#define PARLEY_CHOICE_NONE 2
#define PARLEY_CHOICE_REQUIRED 3
#define PARLEY_CHOICE_TOOL 4 /* the one that `name` names */

/* Which tools the model may or must use. */
typedef struct parley_tool_choice {
    uint32_t struct_size;
    uint32_t mode;             /* PARLEY_CHOICE_* */
    parley_str name;
    const parley_str *allowed; /* a subset by name; none: all tools */
    uint64_t allowed_count;
} parley_tool_choice;

/* ---- how to answer --------------------------------------------------------------------------- */

/* Knobs of the draw. */
typedef struct parley_sampling {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_number temperature;
    parley_number top_p;
    parley_number top_k;
    parley_number presence_penalty;
    parley_number frequency_penalty;
    parley_number seed;
    parley_str logit_bias; /* raw JSON object, or empty; token ids mean nothing elsewhere */
} parley_sampling;

#define PARLEY_THINK_OFF 1
#define PARLEY_THINK_AUTO 2
#define PARLEY_THINK_EFFORT 3 /* by `effort` */
#define PARLEY_THINK_BUDGET 4 /* by `budget` */

#define PARLEY_EFFORT_MINIMAL 1
#define PARLEY_EFFORT_LOW 2
#define PARLEY_EFFORT_MEDIUM 3
#define PARLEY_EFFORT_HIGH 4
#define PARLEY_EFFORT_XHIGH 5
#define PARLEY_EFFORT_MAX 6

/* What the client wants to see of it. */
#define PARLEY_SUMMARY_NONE 1
#define PARLEY_SUMMARY_AUTO 2
#define PARLEY_SUMMARY_CONCISE 3
#define PARLEY_SUMMARY_DETAILED 4

/* How much the model shall think, and what of that the client gets. */
typedef struct parley_reasoning_ask {
    uint32_t struct_size;
    uint32_t mode;              /* PARLEY_THINK_* */
    uint32_t effort;            /* PARLEY_EFFORT_* */
    uint32_t summary;           /* PARLEY_SUMMARY_* */
    uint32_t interleaved;       /* PARLEY_SAYS_*: between tool calls too */
    uint32_t include_encrypted; /* 1: the client wants ENCRYPTED seals */
    parley_number budget;       /* tokens */
} parley_reasoning_ask;

#define PARLEY_FORMAT_TEXT 1
#define PARLEY_FORMAT_JSON_OBJECT 2
#define PARLEY_FORMAT_JSON_SCHEMA 3

/* The shape of the answer. */
typedef struct parley_format {
    uint32_t struct_size;
    uint32_t kind;   /* PARLEY_FORMAT_* */
    uint32_t strict; /* JSON_SCHEMA: PARLEY_SAYS_* */
    uint32_t reserved0;
    parley_str name;
    parley_str description;
    parley_str schema; /* JSON_SCHEMA: raw JSON Schema */
} parley_format;

#define PARLEY_CACHE_MODE_AUTO 1
#define PARLEY_CACHE_MODE_EXPLICIT 2 /* at the breakpoints on parts and tools */
#define PARLEY_CACHE_MODE_OFF 3

/* Prompt caching as a whole. */
typedef struct parley_cache {
    uint32_t struct_size;
    uint32_t mode; /* PARLEY_CACHE_MODE_* */
    uint32_t ttl;  /* PARLEY_CACHE_*, 0: as is usual */
    uint32_t reserved0;
    parley_str key; /* what requests with the same head share; may be empty */
} parley_cache;

/* State that the upstream keeps between requests. */
typedef struct parley_previous {
    uint32_t struct_size;
    uint32_t store; /* PARLEY_SAYS_*: keep this reply for later reference */
    parley_str response_id;
    parley_str conversation; /* raw JSON: an id or an object; or empty */
} parley_previous;

/* Who speaks, in the client's words. None of it proves anything. */
typedef struct parley_identity {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str user;
    parley_str safety_identifier;
    parley_str session;  /* what one conversation has in common */
    parley_str metadata; /* raw JSON object of texts, or empty */
} parley_identity;

/* One threshold of a provider's content filter. */
typedef struct parley_safety {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str category;
    parley_str threshold;
} parley_safety;

/* How the client reads the vectors. In between they are binary32 (PARLEY_PART_EMBEDDING). */
#define PARLEY_EMBED_FLOAT 1
#define PARLEY_EMBED_BASE64 2

/* What an EMBED request asks; there are no messages then. */
typedef struct parley_embed {
    uint32_t struct_size;
    uint32_t encoding; /* PARLEY_EMBED_* */
    const parley_str *inputs;
    uint64_t input_count;
    parley_number dimensions;
    parley_str task;  /* "RETRIEVAL_QUERY" ...; may be empty */
    parley_str title; /* may be empty */
} parley_embed;

/* ---- the request ----------------------------------------------------------------------------- */

/* Facts that save a walk through the tree. A filter that replaces the request keeps them true. */
#define PARLEY_REQUEST_STREAM (1u << 0)       /* the client asks for a stream */
#define PARLEY_REQUEST_STREAM_USAGE (1u << 1) /* and for usage in it */
#define PARLEY_REQUEST_HAS_TOOLS (1u << 2)
#define PARLEY_REQUEST_HAS_IMAGES (1u << 3)
#define PARLEY_REQUEST_HAS_DOCUMENTS (1u << 4)
#define PARLEY_REQUEST_HAS_AUDIO (1u << 5)
#define PARLEY_REQUEST_HAS_VIDEO (1u << 6)
#define PARLEY_REQUEST_HAS_SEALS (1u << 7) /* some state binds it to a provider family */
#define PARLEY_REQUEST_WANTS_REASONING (1u << 8)
#define PARLEY_REQUEST_STREAM_ARRAY (1u << 9) /* the stream is one JSON array, not events */

#define PARLEY_MODALITY_TEXT (1u << 0)
#define PARLEY_MODALITY_AUDIO (1u << 1)
#define PARLEY_MODALITY_IMAGE (1u << 2)

#define PARLEY_VERBOSITY_LOW 1
#define PARLEY_VERBOSITY_MEDIUM 2
#define PARLEY_VERBOSITY_HIGH 3

#define PARLEY_TIER_AUTO 1
#define PARLEY_TIER_DEFAULT 2
#define PARLEY_TIER_FLEX 3
#define PARLEY_TIER_PRIORITY 4
#define PARLEY_TIER_SCALE 5
#define PARLEY_TIER_BATCH 6

/* What a client asks. Pointers to structs are NULL when the client did not say. */
typedef struct parley_request {
    uint32_t struct_size;
    uint32_t operation;      /* PARLEY_OPERATION_GENERATE, _COUNT_TOKENS or _EMBED of dialect.h */
    uint32_t flags;          /* PARLEY_REQUEST_* */
    uint32_t modalities;     /* PARLEY_MODALITY_* of the answer; 0: text */
    uint32_t parallel_tools; /* PARLEY_SAYS_* */
    uint32_t logprobs;       /* PARLEY_SAYS_* */
    uint32_t verbosity;      /* PARLEY_VERBOSITY_* */
    uint32_t service_tier;   /* PARLEY_TIER_* */

    parley_str dialect;         /* component id of the client's dialect */
    parley_str dialect_version; /* as the client says it: "2023-06-01"; may be empty */
    parley_str model;           /* the client's name for it; routing names the upstream's */
    parley_bytes raw;           /* the client's body */

    const parley_part *const *instructions; /* leading system and developer text: TEXT parts */
    uint64_t instruction_count;
    const parley_message *const *messages;
    uint64_t message_count;
    const parley_tool *const *tools;
    uint64_t tool_count;
    const parley_str *stop; /* sequences that end the answer */
    uint64_t stop_count;

    const parley_tool_choice *tool_choice; /* NULL: AUTO with tools, NONE without */
    const parley_sampling *sampling;
    const parley_reasoning_ask *reasoning;
    const parley_format *format;
    const parley_cache *cache;
    const parley_previous *previous;
    const parley_identity *identity;
    const parley_embed *embed; /* EMBED, otherwise NULL */

    parley_number max_output_tokens; /* reasoning included; 0 is a legal value */
    parley_number max_tool_calls;
    parley_number choices; /* how many answers; absent: 1 */
    parley_number top_logprobs;

    parley_str audio_out; /* raw JSON: voice and format of the answer, or empty */
    parley_str image_out; /* raw JSON: size and shape of the answer, or empty */
    const parley_safety *const *safety;
    uint64_t safety_count;

    /* Raw JSON in the client's dialect. Nobody imitates these: an encoder of another dialect
     * leaves one out with a warning or refuses the request, as the thing demands. */
    parley_str truncation;
    parley_str context_management;
    parley_str prediction;
    parley_str moderation;
    parley_str prompt_template;
    parley_str background;

    const parley_extra *const *extras;
    uint64_t extra_count;
    const parley_warning *const *warnings; /* of decoding and normalising */
    uint64_t warning_count;
} parley_request;

/* ---- the exchange ---------------------------------------------------------------------------- */

#define PARLEY_EXCHANGE_STREAM (1u << 0)  /* the client asks for a stream */
#define PARLEY_EXCHANGE_RELAYED (1u << 1) /* bytes are relayed; there are no canonical events */

/* What the host knows of an exchange, as opposed to what the client says in it. Handed to filters,
 * policies and observers; valid as long as they say. */
typedef struct parley_exchange {
    uint32_t struct_size;
    uint32_t flags;     /* PARLEY_EXCHANGE_* */
    uint32_t operation; /* PARLEY_OPERATION_* of dialect.h */
    uint32_t reserved0;
    parley_str id;      /* the host's, as it stands in logs */
    parley_str trace;   /* W3C traceparent, or empty */
    parley_str caller;  /* who asks, by the name in configuration; never a key */
    parley_str dialect; /* component id of the client's dialect */
    parley_str model;   /* the client's name for it */
    parley_str route;   /* what routing made of it; empty before that */
    parley_str session_key;    /* what keeps one conversation on one account; may be empty */
    int64_t deadline_ms;       /* monotonic clock of host.h; 0: none */
} parley_exchange;

PARLEY_EXTERN_C_END

#endif
