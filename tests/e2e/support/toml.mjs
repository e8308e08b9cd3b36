// Just enough TOML: tables, arrays of tables, and everything else in one line.

const key = (k) => (/^[A-Za-z0-9_-]+$/.test(k) ? k : JSON.stringify(k));

function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object') {
    return `{ ${Object.entries(value)
      .map(([k, v]) => `${key(k)} = ${inline(v)}`)
      .join(', ')} }`;
  }
  return JSON.stringify(value);
}

const isTables = (k, v) =>
  Array.isArray(v) &&
  ['client_key', 'provider', 'account', 'filter', 'observer', 'route', 'model'].includes(k);

function table(path, fields, many) {
  const header = path === '' ? '' : many ? `[[${path}]]\n` : `[${path}]\n`;
  const own = Object.entries(fields).filter(([k, v]) => v !== undefined && !isTables(k, v));
  const below = Object.entries(fields).filter(([k, v]) => isTables(k, v));
  let text = header + own.map(([k, v]) => `${key(k)} = ${inline(v)}\n`).join('');
  for (const [k, rows] of below) {
    for (const row of rows) text += `\n${table(path ? `${path}.${k}` : k, row, true)}`;
  }
  return text;
}

/** {server: {...}, provider: [{..., account: [{...}]}], ...} as a configuration file. */
export function toml(config) {
  const isTable = (v) => typeof v === 'object' && !Array.isArray(v);
  const plain = Object.entries(config).filter(([k, v]) => isTable(v) && !isTables(k, v));
  const own = Object.entries(config).filter(([k, v]) => !isTable(v) && !isTables(k, v));
  const many = Object.fromEntries(Object.entries(config).filter(([k, v]) => isTables(k, v)));
  const top = table('', Object.fromEntries(own), false);
  return `${top}${plain.map(([k, v]) => table(k, v, false)).join('\n')}\n${table('', many, false)}`;
}
