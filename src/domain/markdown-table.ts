export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.map(asCell).join(' | ')} |\n`).join('');
}

function asCell(text: string): string {
  // Outside code, a placeholder such as <n> would be read as HTML.
  return text.replace(/`[^`]*`|[|<]/g, (found) => (found.length > 1 ? found : `\\${found}`));
}
