// What an upstream says, in the shapes of both dialects.

const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
let serial = 0;

export const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
export const kDone = 'data: [DONE]\n\n';

export function completion(request, message, finish = 'stop') {
  return {
    id: `chatcmpl-${++serial}`,
    object: 'chat.completion',
    created: 1_790_000_000,
    model: request.json.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: null, refusal: null, ...message },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    usage,
  };
}

/** The events of a streamed completion, without the last one. */
export function chunks(model, deltas, finish = 'stop', withUsage = false) {
  const id = `chatcmpl-${++serial}`;
  const chunk = (choices, more = {}) =>
    data({
      id,
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model,
      choices,
      ...more,
    });
  const choice = (delta, reason = null) => ({
    index: 0,
    delta,
    logprobs: null,
    finish_reason: reason,
  });
  const events = [chunk([choice({ role: 'assistant', content: '' })])];
  for (const delta of deltas) {
    events.push(chunk([choice(typeof delta === 'string' ? { content: delta } : delta)]));
  }
  if (finish) events.push(chunk([choice({}, finish)]));
  if (withUsage) events.push(chunk([], { usage }));
  return events;
}

/** Whole streamed completions. */
export const stream = (...args) => [...chunks(...args), kDone];

export function response(model, output, more = {}) {
  return {
    id: `resp_${++serial}`,
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    model,
    output,
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: {
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 21,
    },
    ...more,
  };
}

export const outputText = (text) => ({
  id: 'msg_1',
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
});

export const functionCall = (name, args) => ({
  id: 'fc_1',
  type: 'function_call',
  status: 'completed',
  call_id: 'call_1',
  name,
  arguments: args,
});

/** Numbered events with their names, as Responses streams are. */
export function named(events) {
  return events.map((event, i) => {
    const numbered = { ...event, sequence_number: i };
    return `event: ${event.type}\n${data(numbered)}`;
  });
}

/** The events of a streamed response that says some words. */
export function responseStream(model, words) {
  const text = words.join('');
  const empty = response(model, [], { status: 'in_progress', usage: null });
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const item = { ...outputText(''), content: [], status: 'in_progress' };
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
  return named([
    { type: 'response.created', response: empty },
    { type: 'response.in_progress', response: empty },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.content_part.added', ...at, part },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part: { ...part, text } },
    { type: 'response.output_item.done', output_index: 0, item: outputText(text) },
    {
      type: 'response.completed',
      response: { ...response(model, [outputText(text)]), id: empty.id },
    },
  ]);
}

/** The events of a streamed response that calls a function, its arguments in pieces. */
export function callStream(model, name, pieces) {
  const args = pieces.join('');
  const empty = response(model, [], { status: 'in_progress', usage: null });
  const call = functionCall(name, args);
  const at = { item_id: call.id, output_index: 0 };
  const item = { ...call, arguments: '', status: 'in_progress' };
  return named([
    { type: 'response.created', response: empty },
    { type: 'response.output_item.added', output_index: 0, item },
    ...pieces.map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
    { type: 'response.function_call_arguments.done', ...at, name, arguments: args },
    { type: 'response.output_item.done', output_index: 0, item: call },
    { type: 'response.completed', response: { ...response(model, [call]), id: empty.id } },
  ]);
}

export const failure = (message, type, code, param = null) => ({
  error: { message, type, param, code },
});
