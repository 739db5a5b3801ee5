/** Lines of a table with a head; `-` stands for what is absent. */
export function renderTable<Row>(rows: readonly Row[], columns: Record<string, (row: Row) => unknown>): string[] {
  const heads = Object.keys(columns);
  const cells = rows.map((row) => Object.values(columns).map((read) => shown(read(row))));
  const widths = heads.map((head, index) => Math.max(head.length, ...cells.map((line) => line[index]?.length ?? 0)));
  return [heads, ...cells].map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z');
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(String).join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
