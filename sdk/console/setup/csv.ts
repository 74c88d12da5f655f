/** CSV as spreadsheets write and read it, RFC 4180. */

const cell = (v: unknown) => {
  // What begins like a formula is one to a spreadsheet: a quote makes it text.
  const s = String(v ?? '').replace(/^[=+\-@\t\r]/, "'$&");
  return /[",\n\r]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s;
};

/** One line of names, then one for each entry; with the mark that Excel needs to read UTF-8. */
export function toCsv(names: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  return `\uFEFF${[names.join(','), ...rows.map((r) => names.map((n) => cell(r[n])).join(','))].join('\r\n')}\r\n`;
}

/** The entries, by the names of the first line. */
export function parseCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  let field = '';
  let quoted = false;
  const s = text.replace(/^\uFEFF/, '');
  const end = () => {
    rows.at(-1)?.push(field);
    field = '';
  };
  for (let i = 0; i < s.length; i++) {
    const c = s[i];
    if (quoted) {
      if (c !== '"') field += c;
      else if (s[i + 1] === '"') field += s[++i];
      else quoted = false;
    } else if (c === '"' && field === '') quoted = true;
    else if (c === ',') end();
    else if (c === '\n' || c === '\r') {
      if (c === '\r' && s[i + 1] === '\n') i++;
      end();
      rows.push([]);
    } else field += c;
  }
  end();
  const [names = [], ...rest] = rows.filter((r) => r.some((f) => f !== ''));
  return rest.map((r) =>
    Object.fromEntries(names.map((n, i) => [n.trim().toLowerCase(), (r[i] ?? '').replace(/^'(?=[=+\-@])/, '')])),
  );
}

/** Has the browser save a text as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
