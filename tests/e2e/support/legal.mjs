// Whether a request is one that a real upstream of its wire would take: `faultsIn(wire, request)`
// names everything that it would refuse, or that only another dialect, or Parley itself, says.
// The rules are those of the vendors' documents, stricter where vendors are merely patient.

const kName = /^[a-zA-Z0-9_-]{1,64}$/;
const kOpenAiId = /^[!-~]{1,64}$/;
const kAnthropicId = /^[a-zA-Z0-9_-]+$/;
const kGeminiName = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;
/** Parley's own envelopes for other upstreams' seals, plain and in base64. */
const kEnvelopes = ['pl1.', 'cGwxL'];

const kForeignHeaders = {
  openai: [/^openai-/, /^x-codex-/, /^originator$/, /^session[-_]id$/],
  anthropic: [/^anthropic-/, /^x-claude-/, /^x-app$/],
  google: [/^x-goog-/],
};

const words = (text) => new Set(text.split(/\s+/).filter(Boolean));

const kFields = {
  chat: words(`model messages tools tool_choice parallel_tool_calls temperature top_p n stop seed
    max_tokens max_completion_tokens presence_penalty frequency_penalty logit_bias logprobs
    top_logprobs response_format stream stream_options reasoning_effort verbosity user store metadata
    safety_identifier service_tier prompt_cache_key prompt_cache_retention modalities audio
    prediction web_search_options`),
  responses: words(`model input instructions tools tool_choice parallel_tool_calls temperature top_p
    max_output_tokens max_tool_calls reasoning text include store stream stream_options truncation
    user metadata safety_identifier service_tier prompt_cache_key prompt_cache_retention
    previous_response_id conversation background prompt top_logprobs client_metadata
    context_management`),
  anthropic: words(`model messages system max_tokens tools tool_choice thinking output_config
    temperature top_p top_k stop_sequences stream metadata service_tier cache_control
    context_management container mcp_servers betas`),
  gemini: words(`contents systemInstruction tools toolConfig generationConfig safetySettings
    cachedContent labels`),
};

/** Collects what is wrong; `at` says where. */
class Judge {
  faults = [];

  /** `is` must hold. */
  must(is, what) {
    if (!is) this.faults.push(what);
    return Boolean(is);
  }

  fields(object, known, at) {
    for (const key of Object.keys(object)) this.must(known.has(key), `${at} has "${key}"`);
  }

  text(value, at) {
    this.must(typeof value === 'string' && value !== '', `${at} is no text, or empty`);
  }

  unique(values, at) {
    this.must(new Set(values).size === values.length, `${at} repeat: ${values}`);
  }

  same(got, wanted, at) {
    const [a, b] = [got, wanted].map((x) => JSON.stringify(x));
    this.must(a === b, `${at}: ${a} in place of ${b}`);
  }

  json(text, at) {
    try {
      const value = JSON.parse(text);
      this.must(value && typeof value === 'object' && !Array.isArray(value), `${at} is no object`);
    } catch {
      this.must(false, `${at} is no JSON: ${text}`);
    }
  }

  schema(value, at) {
    this.must(value && typeof value === 'object' && !Array.isArray(value), `${at} is no schema`);
  }

  foreign(headers, ...vendors) {
    for (const vendor of vendors) {
      for (const name of Object.keys(headers)) {
        const is = kForeignHeaders[vendor].some((pattern) => pattern.test(name));
        this.must(!is, `the header ${name} is none of this dialect`);
      }
    }
  }
}

// ---- chat ----

const kChatParts = {
  system: ['text'],
  developer: ['text'],
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
  tool: ['text'],
};

function chatContent(j, m, at) {
  if (typeof m.content === 'string') return;
  if (!j.must(Array.isArray(m.content) && m.content.length, `${at} has no content`)) return;
  for (const part of m.content) {
    j.must(kChatParts[m.role].includes(part.type), `${at}: a part of type ${part.type}`);
    if (part.type === 'text') j.text(part.text, `${at}: a text part`);
  }
}

function chatCalls(j, m, at) {
  j.must(m.tool_calls.length > 0, `${at}: no tool calls where some are told`);
  for (const c of m.tool_calls) {
    j.must(kOpenAiId.test(c.id), `${at}: call id ${c.id}`);
    if (c.type === 'custom') j.must(typeof c.custom.input === 'string', `${at}: custom input`);
    else j.must(kName.test(c.function?.name), `${at}: call of ${c.function?.name}`);
    if (c.type === 'function') j.json(c.function.arguments, `${at}: arguments`);
  }
}

function chatMessages(j, messages) {
  let open = []; // calls without a result
  const ids = [];
  messages.forEach((m, i) => {
    const at = `messages[${i}] (${m.role})`;
    if (!j.must(m.role in kChatParts, `${at}: no such role`)) return;
    if (m.role === 'tool') {
      j.must(open.includes(m.tool_call_id), `${at}: answers no open call`);
      open = open.filter((id) => id !== m.tool_call_id);
    } else {
      j.same(open, [], `${at}: calls without results before it`);
    }
    if (m.role === 'assistant' && m.tool_calls) {
      chatCalls(j, m, at);
      open = m.tool_calls.map((c) => c.id);
      ids.push(...open);
      if (m.content !== null && m.content !== undefined) chatContent(j, m, at);
    } else {
      chatContent(j, m, at);
    }
  });
  j.same(open, [], 'calls without results at the end');
  j.unique(ids, 'call ids');
  j.must(messages.at(-1).role !== 'assistant', 'the last message is of the assistant');
}

function chat(j, { json }) {
  chatMessages(j, json.messages);
  const tools = json.tools ?? [];
  for (const [i, t] of tools.entries()) {
    const at = `tools[${i}]`;
    if (!j.must(['function', 'custom'].includes(t.type), `${at}: type ${t.type}`)) continue;
    j.must(kName.test(t[t.type].name), `${at}: name ${t[t.type].name}`);
    if (t.function?.parameters) j.schema(t.function.parameters, at);
  }
  j.unique(
    tools.map((t) => t[t.type]?.name),
    'tool names',
  );
  if (!tools.length) {
    j.must(!json.tools, 'tools is empty');
    j.must(!json.tool_choice, 'tool_choice without tools');
    j.must(json.parallel_tool_calls === undefined, 'parallel_tool_calls without tools');
  }
  j.must(!json.stream_options || json.stream, 'stream_options without a stream');
  j.must(!(json.max_tokens && json.max_completion_tokens), 'two limits');
}

// ---- responses ----

const kItemParts = {
  user: ['input_text', 'input_image', 'input_file', 'input_audio'],
  system: ['input_text'],
  developer: ['input_text'],
  assistant: ['output_text', 'refusal'],
};
const kTools = words(`function custom namespace web_search web_search_preview file_search mcp
  code_interpreter image_generation local_shell shell apply_patch tool_search`);

function responsesMessage(j, item, at) {
  if (!j.must(item.role in kItemParts, `${at}: role ${item.role}`)) return;
  if (typeof item.content === 'string') return;
  j.must(item.content?.length > 0, `${at}: no content`);
  for (const part of item.content ?? []) {
    j.must(kItemParts[item.role].includes(part.type), `${at}: a part of type ${part.type}`);
  }
}

const kItems = {
  message: responsesMessage,
  function_call(j, item, at) {
    j.must(kName.test(item.name), `${at}: name ${item.name}`);
    j.json(item.arguments, `${at}: arguments`);
  },
  custom_tool_call(j, item, at) {
    j.must(kName.test(item.name), `${at}: name ${item.name}`);
    j.must(typeof item.input === 'string', `${at}: input`);
  },
  function_call_output(j, item, at) {
    j.must(typeof item.output === 'string' || Array.isArray(item.output), `${at}: output`);
  },
  custom_tool_call_output(j, item, at) {
    j.must(typeof item.output === 'string' || Array.isArray(item.output), `${at}: output`);
  },
  reasoning(j, item, at) {
    j.must(Array.isArray(item.summary), `${at}: no summary`);
    j.text(item.encrypted_content, `${at}: encrypted_content`);
  },
};

function responsesItems(j, items) {
  const calls = new Map(); // by id: the kind of output that answers it
  items.forEach((item, i) => {
    const type = item.type ?? 'message';
    const at = `input[${i}] (${type})`;
    if (!j.must(type in kItems, `${at}: no such item`)) return;
    kItems[type](j, item, at);
    if (type.endsWith('_call')) {
      j.must(kOpenAiId.test(item.call_id), `${at}: call id ${item.call_id}`);
      j.must(!calls.has(item.call_id), `${at}: call id ${item.call_id} twice`);
      calls.set(item.call_id, `${type}_output`);
    }
    if (type.endsWith('_output')) {
      j.same(calls.get(item.call_id), type, `${at}: answers no open call`);
      calls.set(item.call_id, null);
    }
    if (type === 'reasoning') {
      const next = items[i + 1];
      const follows = next && (next.type?.endsWith('_call') || next.role === 'assistant');
      j.must(follows || next?.type === 'reasoning', `${at}: nothing that it led to follows`);
    }
  });
  j.same([...calls.values()].filter(Boolean), [], 'calls without results');
  const ids = items.map((item) => item.id).filter(Boolean);
  j.unique(ids, 'item ids');
}

function responses(j, { json }) {
  if (typeof json.input !== 'string') responsesItems(j, json.input);
  const tools = json.tools ?? [];
  for (const [i, t] of tools.entries()) {
    j.must(kTools.has(t.type), `tools[${i}]: type ${t.type}`);
    j.must(!t.function, `tools[${i}] is nested`);
    if (t.type === 'function' || t.type === 'custom') {
      j.must(kName.test(t.name), `tools[${i}]: name ${t.name}`);
    }
    if (t.type === 'function') j.schema(t.parameters, `tools[${i}]`);
  }
  j.unique(tools.map((t) => t.name).filter(Boolean), 'tool names');
  j.must(json.instructions === undefined || typeof json.instructions === 'string', 'instructions');
  j.must((json.max_output_tokens ?? 16) >= 16, `max_output_tokens ${json.max_output_tokens}`);
}

// ---- anthropic ----

const kBlocks = {
  user: ['text', 'image', 'document', 'search_result', 'tool_result'],
  assistant: ['text', 'thinking', 'redacted_thinking', 'tool_use'],
};

function anthropicBlocks(j, m, at) {
  const blocks = typeof m.content === 'string' ? [{ type: 'text', text: m.content }] : m.content;
  j.must(blocks.length > 0, `${at}: no content`);
  for (const [i, b] of blocks.entries()) {
    const where = `${at}.content[${i}] (${b.type})`;
    j.must(kBlocks[m.role].includes(b.type), `${where}: not of this role`);
    if (b.type === 'text') j.text(b.text, where);
    if (b.type === 'thinking') j.text(b.signature, `${where}: signature`);
    if (b.type === 'tool_use') {
      j.must(kAnthropicId.test(b.id), `${where}: id ${b.id}`);
      j.must(kName.test(b.name), `${where}: name ${b.name}`);
      j.schema(b.input, `${where}: input`);
    }
  }
  return blocks;
}

/** Newer models take instructions behind a turn of the user, where the assistant's turn is next. */
function isPlaced(m, i, messages) {
  const next = messages[i + 1]?.role ?? 'assistant';
  return m.role === 'system' && messages[i - 1]?.role === 'user' && next === 'assistant';
}

function anthropicMessages(j, all) {
  let open = [];
  const ids = [];
  const messages = all.filter((m, i) => !isPlaced(m, i, all));
  messages.forEach((m, i) => {
    const at = `messages[${i}]`;
    const role = i % 2 === 0 ? 'user' : 'assistant';
    if (!j.must(m.role === role, `${at} is of ${m.role}: roles alternate, the user begins`)) return;
    const blocks = anthropicBlocks(j, m, at);
    const of = (type) => blocks.filter((b) => b.type === type);
    if (m.role === 'user') {
      const results = of('tool_result').map((b) => b.tool_use_id);
      j.same([...results].sort(), [...open].sort(), `${at}: results`);
      const first = blocks.slice(0, results.length);
      j.must(
        first.every((b) => b.type === 'tool_result'),
        `${at}: results come first`,
      );
      open = [];
    } else {
      open = of('tool_use').map((b) => b.id);
      ids.push(...open);
    }
  });
  j.unique(ids, 'tool_use ids');
  j.must(messages.at(-1)?.role === 'user', 'the last message is not of the user');
}

function anthropicThinking(j, json) {
  const { thinking } = json;
  if (!thinking || thinking.type === 'disabled') return;
  j.must(['enabled', 'adaptive'].includes(thinking.type), `thinking.type ${thinking.type}`);
  if (thinking.type === 'enabled') {
    const { budget_tokens: budget } = thinking;
    j.must(budget >= 1024 && budget < json.max_tokens, `thinking.budget_tokens ${budget}`);
  }
  const last = json.messages.findLast((m) => m.role === 'assistant')?.content;
  const calls = Array.isArray(last) && last.some((b) => b.type === 'tool_use');
  const begins = !calls || /thinking$/.test(last[0].type);
  j.must(begins || thinking.type === 'adaptive', 'a tool loop that does not begin with thinking');
  j.must((json.temperature ?? 1) === 1, 'temperature beside thinking');
  j.must(json.top_k === undefined, 'top_k beside thinking');
}

function anthropic(j, { json, headers }) {
  const version = headers['anthropic-version'];
  j.must(['2023-06-01', '2026-10-21'].includes(version), `anthropic-version ${version}`);
  j.must(Number.isInteger(json.max_tokens) && json.max_tokens > 0, `max_tokens ${json.max_tokens}`);
  anthropicMessages(j, json.messages);
  anthropicThinking(j, json);
  const tools = json.tools ?? [];
  for (const [i, t] of tools.entries()) {
    j.must(kName.test(t.name), `tools[${i}]: name ${t.name}`);
    if (!t.type || t.type === 'custom') j.same(t.input_schema?.type, 'object', `tools[${i}]`);
  }
  j.unique(
    tools.map((t) => t.name),
    'tool names',
  );
  j.must(tools.length || !json.tool_choice, 'tool_choice without tools');
  const marks = JSON.stringify(json).match(/"cache_control":\{/g) ?? [];
  j.must(marks.length <= 4, `${marks.length} cache marks`);
}

// ---- gemini ----

const kParts = words('text inlineData fileData functionCall functionResponse');

function geminiParts(j, turn, at) {
  if (!j.must(turn.parts?.length > 0, `${at}: no parts`)) return;
  for (const [i, part] of turn.parts.entries()) {
    const kinds = Object.keys(part).filter((key) => kParts.has(key));
    j.same(kinds.length, 1, `${at}.parts[${i}]: kinds of content`);
    const sealed = part.thoughtSignature;
    const isBase64 = sealed === undefined || /^[A-Za-z0-9+/_-]+={0,2}$/.test(sealed);
    j.must(isBase64, `${at}.parts[${i}]: thoughtSignature ${sealed}`);
    if (part.functionCall) {
      j.must(kGeminiName.test(part.functionCall.name), `${at}: name ${part.functionCall.name}`);
      j.schema(part.functionCall.args ?? {}, `${at}: args`);
    }
    if (part.functionResponse) j.schema(part.functionResponse.response, `${at}: response`);
  }
}

function geminiContents(j, contents) {
  let open = [];
  contents.forEach((turn, i) => {
    const at = `contents[${i}]`;
    const role = i % 2 === 0 ? 'user' : 'model';
    if (!j.must(turn.role === role, `${at} is of ${turn.role}: roles alternate`)) return;
    geminiParts(j, turn, at);
    const facts = (kind) =>
      turn.parts
        .filter((p) => p[kind])
        .map((p) => ({ id: p[kind].id ?? null, name: p[kind].name }));
    if (turn.role === 'user') {
      j.same(facts('functionResponse'), open, `${at}: responses to calls`);
      open = [];
    } else {
      open = facts('functionCall');
      const [first] = turn.parts.filter((p) => p.functionCall);
      if (first) j.text(first.thoughtSignature, `${at}: the first call's thoughtSignature`);
    }
  });
  j.same(contents.at(-1)?.role, 'user', 'the last turn');
}

function gemini(j, { json }) {
  geminiContents(j, json.contents);
  const tools = (json.tools ?? []).flatMap((t) => t.functionDeclarations ?? []);
  for (const f of tools) {
    j.must(kGeminiName.test(f.name), `function ${f.name}`);
    j.must(!(f.parameters && f.parametersJsonSchema), `${f.name} has two schemas`);
  }
  j.unique(
    tools.map((f) => f.name),
    'function names',
  );
  j.must(tools.length || !json.toolConfig?.functionCallingConfig, 'toolConfig without functions');
}

const kJudges = { chat, responses, anthropic, gemini };
const kForeign = {
  chat: ['anthropic', 'google'],
  responses: ['anthropic', 'google'],
  anthropic: ['openai', 'google'],
  gemini: ['openai', 'anthropic'],
};

/** What an upstream of the wire would not take: nothing, if the request is legal. */
export function faultsIn(wire, request) {
  const j = new Judge();
  const { json, headers, text } = request;
  j.must(headers['content-type']?.startsWith('application/json'), 'content-type');
  j.foreign(headers, ...kForeign[wire]);
  j.fields(json, kFields[wire], 'the request');
  for (const mark of kEnvelopes) {
    j.must(!text.includes(`"${mark}`), `an envelope of Parley's own: "${mark}`);
  }
  try {
    kJudges[wire](j, request);
  } catch (error) {
    j.must(false, `unreadable: ${error.stack}`);
  }
  return j.faults.map((what) => `${wire}: ${what}`);
}
