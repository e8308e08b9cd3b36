// Differences between what two SDKs make of one reply that are no loss of Parley's, each with its
// reason. Whatever is not here is a fault.

const zero = { input: 0, output: 0, cached: 0, reasoning: 0 };
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const squeezed = (text) => text?.replace(/\s+/g, '');
const isOpenAI = (dialect) => dialect.startsWith('openai-');
const hasRefusal = (to) => isOpenAI(to);

/** Without the request nobody knows which functions stand in for tools with free text. */
const unwrapped = (calls) =>
  calls?.map(({ name, args }) => {
    const keys = Object.keys(args ?? {});
    if (keys.length !== 1 || typeof args.input !== 'string') return { name, args };
    try {
      return { name, args: JSON.parse(args.input) };
    } catch {
      return { name, args: { unparsable: args.input } };
    }
  });

const kRules = [
  {
    why: 'the upstream told no usage; the SDKs of the other dialects want numbers',
    holds: ({ field, wanted, got }) =>
      field === 'usage' && same(wanted.usage, {}) && same(got.usage, zero),
  },
  {
    why: 'the upstream counts reasoning outside of its output; the wire of Gemini cannot tell more of it than all',
    holds: ({ field, to, wanted, got }) =>
      field === 'usage' &&
      to === 'gemini-generate' &&
      wanted.usage.reasoning > wanted.usage.output &&
      same({ ...wanted.usage, reasoning: wanted.usage.output }, got.usage),
  },
  {
    why: 'the upstream counts cached tokens outside of its input; the sum is told',
    holds: ({ field, wanted, got }) =>
      field === 'usage' &&
      wanted.usage.cached > wanted.usage.input &&
      got.usage.input === wanted.usage.input + wanted.usage.cached &&
      got.usage.output === wanted.usage.output,
  },
  {
    why: "the upstream's own SDK cannot read the recording, Parley can",
    holds: ({ field, wanted, got }) =>
      field === 'error' &&
      !got.error &&
      /Incomplete JSON segment|Unexpected event order|reading 'content'/.test(wanted.error),
  },
  {
    why: 'the upstream said stop, or some word of its own, though it called a tool',
    holds: ({ field, wanted, got }) =>
      field === 'finish' &&
      got.finish === 'calls' &&
      got.calls.length > 0 &&
      wanted.finish !== 'length',
  },
  {
    why: 'an old API of Gemini tells the finish reason as a number',
    holds: ({ field, from, wanted, got }) =>
      field === 'finish' &&
      from === 'gemini-generate' &&
      wanted.finish === 1 &&
      got.finish === 'stop',
  },
  {
    why: 'a call that Gemini calls unexpected or malformed has no word elsewhere',
    holds: ({ field, from, wanted, got }) =>
      field === 'finish' &&
      from === 'gemini-generate' &&
      /^(UNEXPECTED_TOOL_CALL|MALFORMED_FUNCTION_CALL)$/.test(wanted.finish) &&
      got.finish === 'stop',
  },
  {
    why: 'a filter has another name in each dialect',
    holds: ({ field, wanted, got }) =>
      field === 'finish' &&
      /^(content_filter|MODEL_ARMOR|PROHIBITED_CONTENT|RECITATION)$/.test(wanted.finish) &&
      /^(content_filter|refusal)$/.test(got.finish),
  },
  {
    why: 'a refusal is text where a dialect has no refusals, and the finish says so',
    holds: ({ field, to, wanted, got }) =>
      !hasRefusal(to) &&
      wanted.refusal !== '' &&
      got.text === wanted.text + wanted.refusal &&
      (field === 'text' ||
        field === 'refusal' ||
        (field === 'finish' && /^(refusal|content_filter)$/.test(got.finish))),
  },
  {
    why: 'blank lines stand between sections of reasoning where a dialect has none',
    holds: ({ field, wanted, got }) =>
      field === 'reasoning' && squeezed(wanted.reasoning) === squeezed(got.reasoning),
  },
  {
    why: 'the request of the test has no tools, so a tool with free text is a function with "input"',
    holds: ({ field, wanted, got }) =>
      field === 'calls' && same(unwrapped(wanted.calls), unwrapped(got.calls)),
  },
  {
    why: 'the recording holds several replies behind each other; the first one counts',
    holds: ({ found }) => found.body.toString().split('"response.created"').length > 3,
  },
  {
    why: 'arguments come in pieces that the SDK does not join; Parley does',
    holds: ({ field, from, found }) =>
      field === 'calls' && from === 'gemini-generate' && found.body.includes('partialArgs'),
  },
  {
    why: 'a call without a name is nobody\'s to run, and is dropped',
    holds: ({ field, wanted, got }) =>
      field === 'calls' && wanted.calls.every((c) => c.name === '') && got.calls.length === 0,
  },
  {
    why: 'the place streams nothing and puts the whole message beside its last delta',
    holds: ({ field, from, wanted, got, found }) =>
      field === 'text' &&
      from === 'openai-chat' &&
      wanted.text === '' &&
      got.text !== '' &&
      found.body.includes('"message":'),
  },
];

/** Why a field differs; undefined when there is no good reason. */
export function reasonFor(difference) {
  return kRules.find((rule) => rule.holds(difference))?.why;
}
