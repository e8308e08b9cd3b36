// field_setters.cpp: how each field of fields.txt is set, with a value by chance.
#include <map>

#include "fields.hpp"

namespace parley::codec {

namespace {

using Made = MadeRequest;

constexpr const char* kPng = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk";
constexpr const char* kPdf = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSPj4K";
constexpr const char* kWav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

constexpr const char* kObject = R"({"type":"object","properties":{"x":{"type":"string"}}})";

void give_tools(Made& r) {
    if (!r.first_time("tools")) return;
    r.function("f", R"({"type":"object","properties":{"x":{"type":"string"}}})").description =
        str("d");
    r.function("g", R"({"type":"object","properties":{"y":{"type":"string"}}})").description =
        str("d");
    r.function("h", kObject);
}

void give_logprobs(Made& r) {
    r.request().logprobs = PARLEY_SAYS_YES;
}

// A model's turn that the user answers.
template <class Fill>
void answer(Made& r, Fill fill) {
    r.begin(PARLEY_ROLE_ASSISTANT);
    fill();
    r.begin(PARLEY_ROLE_USER);
    r.text("Go on.");
}

// A call, and its result with these parts.
template <class Fill>
parley_tool_result& called(Made& r, const std::string& id, Fill fill) {
    r.begin(PARLEY_ROLE_ASSISTANT);
    r.tool_call(id, "f", R"({"x":"1"})");
    r.begin(PARLEY_ROLE_TOOL);
    return r.tool_result(id, fill);
}

void effort(Made& r, uint32_t level) {
    r.reasoning().mode = PARLEY_THINK_EFFORT;
    r.reasoning().effort = level;
}

void schema_format(Made& r, Chance& chance) {
    r.format().kind = PARLEY_FORMAT_JSON_SCHEMA;
    r.format().schema = r.copy(chance.schema());
}

void choose(Made& r, uint32_t mode) {
    r.choice().mode = mode;
}

void allow(Made& r, uint32_t mode) {
    static const parley_str kAllowed[] = {str("f"), str("g")};
    r.choice().mode = mode;
    r.choice().allowed = kAllowed;
    r.choice().allowed_count = 2;
}

void give_schema(Made& r) {
    Chance chance(1);
    schema_format(r, chance);
}

// A list of one.
template <class T>
void list(Made& r, const T& one, const T* const*& all, uint64_t& count) {
    all = r.keep(std::vector<const T*>{&one});
    count = 1;
}

// What a tool of a third provider did.
void item(Made& r, const char* tool, const char* summary) {
    answer(r, [&] {
        auto& part = r.part(PARLEY_PART_SERVER_ITEM);
        auto& item = r.make<parley_server_item>();
        item.tool = str(tool);
        item.id = str("i1");
        item.summary = str(summary == nullptr ? "" : summary);
        item.dialect = str("another");
        item.raw = str("{}");
        part.server_item = &item;
        r.text("Found.");
    });
}

void named(Made& r, const char* name) {
    r.begin(PARLEY_ROLE_ASSISTANT);
    r.text("Yes.");
    r.draft().begin(PARLEY_ROLE_USER, "messages[2]").name = str(name);
    r.text("And?");
}

// A turn that nothing is joined to, and its text.
parley_part& beside(Made& r) {
    r.begin(PARLEY_ROLE_ASSISTANT);
    r.text("Yes.");
    r.begin(PARLEY_ROLE_USER);
    return r.text("And?");
}

constexpr const char* kAnySchema = R"({"type":"object","properties":{"a":{"type":"string"}}})";

sdk::ExtraMembers new_thing() {
    sdk::ExtraMembers members;
    sdk::JsonReader r(R"({"new_thing":{"x":1}})");
    sdk::JsonString key;
    r.enter_object();
    while (r.next_key(key)) members.keep(key, r);
    return members;
}

void phased(Made& r, uint32_t phase) {
    r.draft().begin(PARLEY_ROLE_ASSISTANT, "messages[1]").phase = phase;
    r.text("Hm.");
    r.begin(PARLEY_ROLE_USER);
    r.text("Go on.");
}

void thought(Made& r) {
    auto& thought = r.make<parley_reasoning>();
    auto& section = r.make<parley_reasoning_section>();
    section.kind = PARLEY_REASONING_RAW;
    section.text = str("Because.");
    list(r, section, thought.sections, thought.section_count);
    r.part(PARLEY_PART_REASONING).reasoning = &thought;
}

void cite(Made& r, parley_part& part) {
    auto& cite = r.make<parley_citation>();
    cite.kind = PARLEY_CITATION_URL;
    cite.url = str("https://example.org");
    list(r, cite, part.citations, part.citation_count);
}

parley_tool& plain_tool(Made& r, const char* name) {
    return r.function(name, kObject);
}

parley_tool& strict_tool(Made& r) {
    return r.function("exact",
                      R"({"type":"object","properties":{"x":{"type":"string"}},)"
                      R"("required":["x"],"additionalProperties":false})");
}

// As the client's own dialect spells it.
void server_tool(Made& r, const std::string& type) {
    static const std::map<std::string, std::string> kGemini{{"web_search", "googleSearch"},
                                                            {"web_fetch", "urlContext"},
                                                            {"code_execution", "codeExecution"},
                                                            {"file_search", "fileSearch"},
                                                            {"maps", "googleMaps"},
                                                            {"computer", "computerUse"},
                                                            {"mcp", "mcpServers"}};
    static const std::map<std::string, std::string> kClaude{
        {"web_search", "web_search_20250305"},
        {"web_fetch", "web_fetch_20250910"},
        {"code_execution", "code_execution_20250825"},
        {"mcp", "mcp_toolset"}};
    static const std::map<std::string, std::string> kResponses{
        {"code_execution", "code_interpreter"}, {"computer", "computer_use_preview"}};
    const std::string_view client = view(r.request().dialect);
    const auto& names = client == "gemini-generate"      ? kGemini
                        : client == "anthropic-messages" ? kClaude
                                                         : kResponses;
    const auto found = names.find(type);
    std::string wire = found == names.end() ? type : found->second;
    std::string config;
    if (client == "openai-responses") config = R"({"type":")" + wire + R"("})";
    if (client == "openai-chat") {
        wire = "web_search_options";
        config = "{}";
    }
    r.server_tool(type, wire, config);
}

const std::vector<Field> kFields{
    {"stream",
     [](Made& r, Chance&) { r.request().flags |= PARLEY_REQUEST_STREAM; },
     [](Made& r) { r.request().flags = 0; }},
    {"system", [](Made& r, Chance& c) { r.instruct(c.words()); }},
    {"system.several",
     [](Made& r, Chance& c) {
         r.instruct(c.words());
         r.instruct(c.words());
     }},
    {"system.developer", [](Made& r, Chance& c) { r.instruct(c.words(), PARLEY_ROLE_DEVELOPER); }},
    {"system.later",
     [](Made& r, Chance& c) {
         r.begin(PARLEY_ROLE_SYSTEM);
         r.text(c.words());
         r.begin(PARLEY_ROLE_USER);
         r.text(c.words());
     }},
    {"max_tokens",
     [](Made& r, Chance& c) {
         r.request().max_output_tokens = r.number(std::to_string(16 + c.below(4000)));
     }},
    {"max_tokens.none", [](Made& r, Chance&) { r.request().max_output_tokens = r.number("0"); }},
    {"max_tokens.few",
     [](Made& r, Chance& c) {
         r.request().max_output_tokens = r.number(std::to_string(1 + c.below(15)));
     }},
    {"max_tool_calls",
     [](Made& r, Chance& c) {
         r.request().max_tool_calls = r.number(std::to_string(1 + c.below(9)));
     }},
    {"temperature",
     [](Made& r, Chance& c) {
         r.sampling().temperature = r.number(c.of<std::string>({"0", "0.10", "0.5", "1e-1"}));
     }},
    {"temperature.hot",
     [](Made& r, Chance& c) {
         r.sampling().temperature = r.number(c.of<std::string>({"1.5", "2", "1.0001"}));
     }},
    {"top_p",
     [](Made& r, Chance& c) {
         r.sampling().top_p = r.number(c.of<std::string>({"0.1", "0.50", "0.95"}));
     }},
    {"top_k",
     [](Made& r, Chance& c) { r.sampling().top_k = r.number(std::to_string(1 + c.below(90))); }},
    {"presence_penalty",
     [](Made& r, Chance& c) {
         r.sampling().presence_penalty = r.number(c.of<std::string>({"0.5", "-1.5"}));
     }},
    {"frequency_penalty",
     [](Made& r, Chance& c) {
         r.sampling().frequency_penalty = r.number(c.of<std::string>({"0.5", "-1.5"}));
     }},
    {"seed",
     [](Made& r, Chance& c) { r.sampling().seed = r.number(std::to_string(c.below(2000000000))); }},
    {"seed.long", [](Made& r, Chance&) { r.sampling().seed = r.number("9007199254740993"); }},
    {"logit_bias", [](Made& r, Chance&) { r.sampling().logit_bias = r.copy(R"({"50256":-100})"); }},
    {"stop", [](Made& r, Chance& c) { r.draft().stop(r.copy(c.words(3))); }},
    {"stop.five",
     [](Made& r, Chance& c) {
         for (int i = 0; i < 5; ++i) r.draft().stop(r.copy(c.words(2) + std::to_string(i)));
     }},
    {"stop.many",
     [](Made& r, Chance& c) {
         for (int i = 0; i < 7; ++i) r.draft().stop(r.copy(c.words(2) + std::to_string(i)));
     }},
    {"n",
     [](Made& r, Chance& c) { r.request().choices = r.number(std::to_string(2 + c.below(3))); }},
    {"logprobs", [](Made& r, Chance&) { r.request().logprobs = PARLEY_SAYS_YES; }},
    {"top_logprobs",
     [](Made& r, Chance& c) {
         r.request().top_logprobs = r.number(std::to_string(1 + c.below(5)));
     },
     give_logprobs},
    {"format.json", [](Made& r, Chance&) { r.format().kind = PARLEY_FORMAT_JSON_OBJECT; }},
    {"format.schema", [](Made& r, Chance& c) { schema_format(r, c); }},
    {"format.name",
     [](Made& r, Chance& c) { r.format().name = r.copy(c.legal_name()); },
     give_schema},
    {"format.description",
     [](Made& r, Chance& c) { r.format().description = r.copy(c.words()); },
     give_schema},
    {"format.strict", [](Made& r, Chance&) { r.format().strict = PARLEY_SAYS_YES; }, give_schema},
    {"verbosity", [](Made& r, Chance& c) { r.request().verbosity = 1 + c.below(3); }},
    {"reasoning.effort",
     [](Made& r, Chance& c) {
         effort(r, c.of({PARLEY_EFFORT_LOW, PARLEY_EFFORT_MEDIUM, PARLEY_EFFORT_HIGH}));
     }},
    {"reasoning.minimal", [](Made& r, Chance&) { effort(r, PARLEY_EFFORT_MINIMAL); }},
    {"reasoning.xhigh", [](Made& r, Chance&) { effort(r, PARLEY_EFFORT_XHIGH); }},
    {"reasoning.max", [](Made& r, Chance&) { effort(r, PARLEY_EFFORT_MAX); }},
    {"reasoning.off", [](Made& r, Chance&) { r.reasoning().mode = PARLEY_THINK_OFF; }},
    {"reasoning.auto", [](Made& r, Chance&) { r.reasoning().mode = PARLEY_THINK_AUTO; }},
    {"reasoning.budget",
     [](Made& r, Chance& c) {
         r.reasoning().mode = PARLEY_THINK_BUDGET;
         r.reasoning().budget = r.number(std::to_string(1024 + c.below(20000)));
     }},
    {"reasoning.show",
     [](Made& r, Chance&) {
         r.reasoning().mode = PARLEY_THINK_EFFORT;
         r.reasoning().effort = PARLEY_EFFORT_HIGH;
         r.reasoning().summary = PARLEY_SUMMARY_AUTO;
         r.request().flags |= PARLEY_REQUEST_WANTS_REASONING;
     },
     [](Made& r) { effort(r, PARLEY_EFFORT_HIGH); }},
    {"reasoning.hide",
     [](Made& r, Chance&) { r.reasoning().summary = PARLEY_SUMMARY_NONE; },
     [](Made& r) { effort(r, PARLEY_EFFORT_HIGH); }},
    {"tools",
     [](Made& r, Chance& c) {
         parley_tool& t = r.function(c.legal_name(), c.schema());
         t.description = r.copy(c.words());
     }},
    {"extras.tool",
     [](Made& r, Chance&) {
         new_thing().attach(
             r.draft().arena(), view(r.request().dialect), r.function("extra", kAnySchema));
     },
     nullptr,
     [](Made& r) { r.function("extra", kAnySchema); }},
    {"tools.bare", [](Made& r, Chance&) { r.function("bare"); }},
    {"tools.strict",
     [](Made& r, Chance&) { strict_tool(r).strict = PARLEY_SAYS_YES; },
     nullptr,
     [](Made& r) { strict_tool(r); }},
    {"tools.namespace",
     [](Made& r, Chance&) { r.function("spaced", kObject).name_space = str("ns"); },
     nullptr,
     [](Made& r) { r.function("spaced", kObject); }},
    {"tools.custom",
     [](Made& r, Chance& c) {
         parley_tool& t = r.function("patch");
         t.kind = PARLEY_TOOL_CUSTOM;
         t.description = r.copy(c.words());
     }},
    {"tools.grammar",
     [](Made& r, Chance&) {
         parley_tool& t = r.function("patch_by_rules");
         t.kind = PARLEY_TOOL_CUSTOM;
         t.custom_format = PARLEY_CUSTOM_LARK;
         t.grammar = r.copy("start: X");
     }},
    {"tools.web_search", [](Made& r, Chance&) { server_tool(r, "web_search"); }, give_tools},
    {"tools.web_fetch", [](Made& r, Chance&) { server_tool(r, "web_fetch"); }, give_tools},
    {"tools.code_execution",
     [](Made& r, Chance&) { server_tool(r, "code_execution"); },
     give_tools},
    {"tools.file_search", [](Made& r, Chance&) { server_tool(r, "file_search"); }, give_tools},
    {"tools.image_generation",
     [](Made& r, Chance&) { server_tool(r, "image_generation"); },
     give_tools},
    {"tools.maps", [](Made& r, Chance&) { server_tool(r, "maps"); }, give_tools},
    {"tools.mcp", [](Made& r, Chance&) { server_tool(r, "mcp"); }, give_tools},
    {"tools.computer", [](Made& r, Chance&) { server_tool(r, "computer"); }, give_tools},
    {"tools.shell",
     [](Made& r, Chance&) {
         parley_tool& t = r.function("bash");
         t.kind = PARLEY_TOOL_CLIENT;
         t.wire_type = str("bash_20250124");
     }},
    {"tools.local_shell",
     [](Made& r, Chance&) {
         parley_tool& t = r.function("local_shell");
         t.kind = PARLEY_TOOL_CLIENT;
         t.wire_type = str("local_shell");
     }},
    {"tools.cache",
     [](Made& r, Chance&) {
         r.cache().mode = PARLEY_CACHE_MODE_EXPLICIT;
         plain_tool(r, "cache").cache = PARLEY_CACHE_MARK;
     },
     nullptr,
     [](Made& r) {
         r.cache().mode = PARLEY_CACHE_MODE_EXPLICIT;
         plain_tool(r, "cache");
     }},
    {"tools.defer_loading",
     [](Made& r, Chance&) { plain_tool(r, "defer_loading").defer_loading = PARLEY_SAYS_YES; },
     nullptr,
     [](Made& r) { plain_tool(r, "defer_loading"); }},
    {"tools.eager_stream",
     [](Made& r, Chance&) { plain_tool(r, "eager_stream").eager_stream = PARLEY_SAYS_YES; },
     nullptr,
     [](Made& r) { plain_tool(r, "eager_stream"); }},
    {"tools.input_examples",
     [](Made& r, Chance&) {
         plain_tool(r, "input_examples").input_examples = str(R"([{"x":"1"}])");
     },
     nullptr,
     [](Made& r) { plain_tool(r, "input_examples"); }},
    {"tools.output_schema",
     [](Made& r, Chance&) {
         plain_tool(r, "output_schema").output_schema =
             str(R"({"type":"object","properties":{"z":{"type":"string"}}})");
     },
     nullptr,
     [](Made& r) { plain_tool(r, "output_schema"); }},
    {"tool_choice.auto", [](Made& r, Chance&) { choose(r, PARLEY_CHOICE_AUTO); }, give_tools},
    {"tool_choice.none", [](Made& r, Chance&) { choose(r, PARLEY_CHOICE_NONE); }, give_tools},
    {"tool_choice.required",
     [](Made& r, Chance&) { choose(r, PARLEY_CHOICE_REQUIRED); },
     give_tools},
    {"tool_choice.tool",
     [](Made& r, Chance&) {
         choose(r, PARLEY_CHOICE_TOOL);
         r.choice().name = str("g");
     },
     give_tools},
    {"tool_choice.some", [](Made& r, Chance&) { allow(r, PARLEY_CHOICE_AUTO); }, give_tools},
    {"tool_choice.one_of_some",
     [](Made& r, Chance&) { allow(r, PARLEY_CHOICE_REQUIRED); },
     give_tools},
    {"parallel.no",
     [](Made& r, Chance&) { r.request().parallel_tools = PARLEY_SAYS_NO; },
     give_tools},
    {"parallel.yes",
     [](Made& r, Chance&) { r.request().parallel_tools = PARLEY_SAYS_YES; },
     give_tools},
    {"cache.auto", [](Made& r, Chance&) { r.cache().mode = PARLEY_CACHE_MODE_AUTO; }},
    {"cache.key", [](Made& r, Chance& c) { r.cache().key = r.copy(c.legal_name()); }},
    {"cache.day", [](Made& r, Chance&) { r.cache().ttl = PARLEY_CACHE_24H; }},
    {"cache.system",
     [](Made& r, Chance&) {
         r.cache().mode = PARLEY_CACHE_MODE_EXPLICIT;
         r.instruct("Marked.").cache = PARLEY_CACHE_1H;
     },
     nullptr,
     [](Made& r) {
         r.cache().mode = PARLEY_CACHE_MODE_EXPLICIT;
         r.instruct("Marked.");
     }},
    {"cache.part",
     [](Made& r, Chance&) {
         r.cache().mode = PARLEY_CACHE_MODE_EXPLICIT;
         r.text("Marked.").cache = PARLEY_CACHE_MARK;
     },
     nullptr,
     [](Made& r) {
         r.cache().mode = PARLEY_CACHE_MODE_EXPLICIT;
         r.text("Marked.");
     }},
    {"previous.id", [](Made& r, Chance&) { r.previous().response_id = str("resp_1"); }},
    {"previous.conversation",
     [](Made& r, Chance&) { r.previous().conversation = str(R"("conv_1")"); }},
    {"store", [](Made& r, Chance&) { r.previous().store = PARLEY_SAYS_YES; }},
    {"user", [](Made& r, Chance& c) { r.identity().user = r.copy(c.legal_name()); }},
    {"safety_identifier",
     [](Made& r, Chance& c) { r.identity().safety_identifier = r.copy(c.legal_name()); }},
    {"metadata", [](Made& r, Chance&) { r.identity().metadata = str(R"({"k":"v"})"); }},
    {"audio_out",
     [](Made& r, Chance&) {
         r.request().modalities = PARLEY_MODALITY_AUDIO;
         r.request().audio_out = str(R"({"voice":"x","format":"wav"})");
     }},
    {"image_out",
     [](Made& r, Chance&) {
         r.request().modalities = PARLEY_MODALITY_IMAGE;
         r.request().image_out = str(R"({"aspectRatio":"1:1"})");
     }},
    {"safety",
     [](Made& r, Chance&) {
         auto& s = r.make<parley_safety>();
         s.category = str("HARM_CATEGORY_HARASSMENT");
         s.threshold = str("BLOCK_NONE");
         r.draft().safety(s);
     }},
    {"tier.auto", [](Made& r, Chance&) { r.request().service_tier = PARLEY_TIER_AUTO; }},
    {"tier.default", [](Made& r, Chance&) { r.request().service_tier = PARLEY_TIER_DEFAULT; }},
    {"tier.flex", [](Made& r, Chance&) { r.request().service_tier = PARLEY_TIER_FLEX; }},
    {"tier.priority", [](Made& r, Chance&) { r.request().service_tier = PARLEY_TIER_PRIORITY; }},
    {"tier.scale", [](Made& r, Chance&) { r.request().service_tier = PARLEY_TIER_SCALE; }},
    {"truncation", [](Made& r, Chance&) { r.request().truncation = str(R"("auto")"); }},
    {"context_management",
     [](Made& r, Chance&) { r.request().context_management = str(R"({"edits":[]})"); }},
    {"prediction",
     [](Made& r, Chance&) { r.request().prediction = str(R"({"type":"content","content":"x"})"); }},
    {"moderation", [](Made& r, Chance&) { r.request().moderation = str(R"({"model":"m"})"); }},
    {"prompt", [](Made& r, Chance&) { r.request().prompt_template = str(R"({"id":"p"})"); }},
    {"background", [](Made& r, Chance&) { r.request().background = str("true"); }},
    {"extras", [](Made& r, Chance&) { r.draft().extras(R"({"new_thing":{"x":1}})"); }},
    {"extras.turn",
     [](Made& r, Chance&) {
         beside(r);
         r.draft().turn_extras(new_thing());
     },
     nullptr,
     [](Made& r) { beside(r); }},
    {"extras.part",
     [](Made& r, Chance&) {
         new_thing().attach(r.draft().arena(), view(r.request().dialect), beside(r));
     },
     nullptr,
     [](Made& r) { beside(r); }},
    {"text",
     [](Made& r, Chance& c) {
         r.text(c.words());
         r.text(c.words(20));
     }},
    {"talk", [](Made& r, Chance& c) { answer(r, [&] { r.text(c.words(20)); }); }},
    {"name", [](Made& r, Chance&) { named(r, "alice"); }, nullptr, [](Made& r) { named(r, ""); }},
    {"phase",
     [](Made& r, Chance&) { phased(r, PARLEY_PHASE_COMMENTARY); },
     nullptr,
     [](Made& r) { phased(r, 0); }},
    {"prefill",
     [](Made& r, Chance& c) {
         r.begin(PARLEY_ROLE_ASSISTANT);
         r.text(c.words());
     }},
    {"refusal",
     [](Made& r, Chance&) {
         answer(r, [&] { r.part(PARLEY_PART_REFUSAL).text = str("I cannot."); });
     }},
    {"thought",
     [](Made& r, Chance&) {
         answer(r, [&] {
             thought(r);
             r.text("Yes.");
         });
     },
     nullptr,
     [](Made& r) { answer(r, [&] { r.text("Yes."); }); }},
    {"citation",
     [](Made& r, Chance&) { answer(r, [&] { cite(r, r.text("As said.")); }); },
     nullptr,
     [](Made& r) { answer(r, [&] { r.text("As said."); }); }},
    {"image.base64",
     [](Made& r, Chance& c) {
         r.media(PARLEY_PART_IMAGE,
                 PARLEY_MEDIA_BASE64,
                 c.of<std::string>({"image/png", "image/jpeg", "image/webp"}),
                 kPng);
     }},
    {"image.heic",
     [](Made& r, Chance&) { r.media(PARLEY_PART_IMAGE, PARLEY_MEDIA_BASE64, "image/heic", kPng); }},
    {"image.url",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_IMAGE, PARLEY_MEDIA_URL, {}, "https://example.org/a.png");
     }},
    {"image.detail",
     [](Made& r, Chance& c) {
         r.media(PARLEY_PART_IMAGE, PARLEY_MEDIA_URL, {}, "https://example.org/a.png").detail =
             c.of({PARLEY_DETAIL_LOW, PARLEY_DETAIL_HIGH});
     },
     nullptr,
     [](Made& r) {
         r.media(PARLEY_PART_IMAGE, PARLEY_MEDIA_URL, {}, "https://example.org/a.png");
     }},
    {"image.file",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_IMAGE, PARLEY_MEDIA_FILE, {}, "file_1").file_owner = str("nobody");
     }},
    {"document.pdf",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_BASE64, "application/pdf", kPdf);
     }},
    {"document.other",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_BASE64, "application/vnd.ms-excel", kPdf);
     }},
    {"document.filename",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_BASE64, "application/pdf", kPdf).filename =
             str("a.pdf");
     },
     nullptr,
     [](Made& r) { r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_BASE64, "application/pdf", kPdf); }},
    {"document.url",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_URL, {}, "https://example.org/a.pdf");
     }},
    {"document.text",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_TEXT, "text/plain", "Words.");
     }},
    {"document.parts",
     [](Made& r, Chance&) {
         auto& m = r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_PARTS, {}, {});
         r.inside([&] { r.text("Words."); }, m.parts, m.part_count);
     }},
    {"document.title",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_TEXT, "text/plain", "Words.").title = str("T");
     },
     nullptr,
     [](Made& r) { r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_TEXT, "text/plain", "Words."); }},
    {"document.cited",
     [](Made& r, Chance&) {
         r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_BASE64, "application/pdf", kPdf).citations =
             PARLEY_SAYS_YES;
     },
     nullptr,
     [](Made& r) { r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_BASE64, "application/pdf", kPdf); }},
    {"audio.wav",
     [](Made& r, Chance&) { r.media(PARLEY_PART_AUDIO, PARLEY_MEDIA_BASE64, "audio/wav", kWav); }},
    {"audio.other",
     [](Made& r, Chance&) { r.media(PARLEY_PART_AUDIO, PARLEY_MEDIA_BASE64, "audio/ogg", kWav); }},
    {"video",
     [](Made& r, Chance&) { r.media(PARLEY_PART_VIDEO, PARLEY_MEDIA_BASE64, "video/mp4", kWav); }},
    {"search_result",
     [](Made& r, Chance&) {
         auto& part = r.part(PARLEY_PART_SEARCH_RESULT);
         auto& found = r.make<parley_search_result>();
         found.source = str("https://example.org");
         found.title = str("T");
         r.inside([&] { r.text("Words."); }, found.parts, found.part_count);
         part.search_result = &found;
     }},
    {"call",
     [](Made& r, Chance& c) {
         called(r, c.of<std::string>({"call_1", "toolu_1"}), [&] { r.text(c.words()); });
     },
     give_tools},
    {"call.parallel",
     [](Made& r, Chance&) {
         r.begin(PARLEY_ROLE_ASSISTANT);
         r.tool_call("c1", "f", "{}");
         r.tool_call("c2", "f", "{}");
         r.begin(PARLEY_ROLE_TOOL);
         r.tool_result("c2", [&] { r.text("2"); });
         r.tool_result("c1", [&] { r.text("1"); });
     },
     give_tools},
    {"call.arguments",
     [](Made& r, Chance&) {
         r.begin(PARLEY_ROLE_ASSISTANT);
         r.tool_call("c1", "f", R"({"x":1.0,"b":12345678901234567890123,"e":"\u00e9"})");
         r.begin(PARLEY_ROLE_TOOL);
         r.tool_result("c1", [&] { r.text("1"); });
     },
     give_tools},
    {"call.broken",
     [](Made& r, Chance&) {
         r.begin(PARLEY_ROLE_ASSISTANT);
         r.tool_call("c1", "f", "{\"x\":");
         r.begin(PARLEY_ROLE_TOOL);
         r.tool_result("c1", [&] { r.text("1"); });
     },
     give_tools},
    {"call.custom",
     [](Made& r, Chance&) {
         r.function("write").kind = PARLEY_TOOL_CUSTOM;
         r.begin(PARLEY_ROLE_ASSISTANT);
         r.tool_call("c1", "write", "*** x").kind = PARLEY_TOOL_CALL_CUSTOM;
         r.begin(PARLEY_ROLE_TOOL);
         r.tool_result("c1", [&] { r.text("1"); });
     }},
    {"call.odd_id",
     [](Made& r, Chance& c) { called(r, "an odd id", [&] { r.text(c.words()); }); },
     give_tools},
    {"result.error",
     [](Made& r, Chance&) { called(r, "c1", [&] { r.text("broke"); }).is_error = PARLEY_SAYS_YES; },
     give_tools,
     [](Made& r) { called(r, "c1", [&] { r.text("broke"); }); }},
    {"result.texts",
     [](Made& r, Chance&) {
         called(r, "c1", [&] {
             r.text("a");
             r.text("b");
         });
     },
     give_tools},
    {"result.image",
     [](Made& r, Chance&) {
         called(r, "c1", [&] {
             r.text("see");
             r.media(PARLEY_PART_IMAGE, PARLEY_MEDIA_BASE64, "image/png", kPng);
         });
     },
     give_tools},
    {"result.document",
     [](Made& r, Chance&) {
         called(r, "c1", [&] {
             r.text("see");
             r.media(PARLEY_PART_DOCUMENT, PARLEY_MEDIA_BASE64, "application/pdf", kPdf);
         });
     },
     give_tools},
    {"result.reference",
     [](Made& r, Chance&) {
         called(r, "c1", [&] { r.part(PARLEY_PART_TOOL_REFERENCE).text = str("f"); });
     },
     give_tools},
    {"item.search", [](Made& r, Chance&) { item(r, "web_search", "[web_search: parley]"); }},
    {"item.compaction", [](Made& r, Chance&) { item(r, "compaction", nullptr); }},
};

}  // namespace

const std::vector<Field>& fields() {
    return kFields;
}

}  // namespace parley::codec
