/** What an instrument measures. Names, units and labels are OpenTelemetry's; Prometheus's are made from them. */
export interface InstrumentDescription {
  /** Dots between words, such as `mcp.server.operation.duration`. */
  name: string;
  description: string;
  /** UCUM, such as `s`, `By`, `1`, or a word in braces for things that are counted. */
  unit: string;
  /** Names of the labels, in the order in which values are given. A value of `''` leaves its label out. */
  labels: readonly string[];
}

/** The values of one instrument's labels. They come from closed lists or from the catalog, never from a request. */
export type LabelValues = readonly string[];

/** More series of one instrument than a large catalog needs; what comes beyond is counted together. */
const maxSeries = 2_000;

/** The cells of one instrument, found by one look-up per label, since joining texts would cost more than counting. */
class Series<Cell> {
  readonly #makeCell: () => Cell;
  readonly #root = new Map<string, unknown>();
  readonly #all: { values: LabelValues; cell: Cell }[] = [];
  #overflow: Cell | undefined;

  constructor(makeCell: () => Cell) {
    this.#makeCell = makeCell;
  }

  cellOf(values: LabelValues): Cell {
    let node = this.#root;
    const last = values.length - 1;
    for (let index = 0; index < last; index++) {
      const value = values[index] as string;
      let next = node.get(value) as Map<string, unknown> | undefined;
      if (next === undefined) {
        if (this.#all.length >= maxSeries) return (this.#overflow ??= this.#makeCell());
        next = new Map();
        node.set(value, next);
      }
      node = next;
    }
    const key = last < 0 ? '' : (values[last] as string);
    return (node.get(key) as Cell | undefined) ?? this.#add(node, key, values);
  }

  /** Every cell with its labels; `undefined` stands for the labels of what came beyond the limit. */
  *cells(): Generator<{ values: LabelValues | undefined; cell: Cell }> {
    yield* this.#all;
    if (this.#overflow !== undefined) yield { values: undefined, cell: this.#overflow };
  }

  #add(node: Map<string, unknown>, key: string, values: LabelValues): Cell {
    if (this.#all.length >= maxSeries) return (this.#overflow ??= this.#makeCell());
    const cell = this.#makeCell();
    node.set(key, cell);
    this.#all.push({ values: [...values], cell });
    return cell;
  }
}

/** One number of one series, as it is read. */
interface Reading {
  /** Undefined for what came beyond the limit of series. */
  values: LabelValues | undefined;
  value: number;
}

/** Counts things; it never goes down. */
export class Counter {
  readonly kind = 'counter';
  readonly description: InstrumentDescription;
  readonly #series = new Series(() => ({ value: 0 }));

  constructor(description: InstrumentDescription) {
    this.description = description;
  }

  add(amount: number, values: LabelValues): void {
    this.#series.cellOf(values).value += amount;
  }

  *read(): Generator<Reading> {
    for (const { values, cell } of this.#series.cells()) yield { values, value: cell.value };
  }
}

/** One series of a histogram, as it is read. */
interface Distribution {
  values: LabelValues | undefined;
  /** How many values fell at or below each boundary and above the one before; the last count is of what lay above all. */
  counts: readonly number[];
  sum: number;
  count: number;
}

/** Counts values by size. */
export class Histogram {
  readonly kind = 'histogram';
  readonly description: InstrumentDescription;
  /** Upper ends of the buckets, ascending. */
  readonly boundaries: readonly number[];
  /** Also told of every value, once set: OpenTelemetry has no histogram that is read. */
  forward: ((value: number, values: LabelValues) => void) | undefined;
  readonly #series: Series<{ counts: number[]; sum: number; count: number }>;

  constructor(description: InstrumentDescription, boundaries: readonly number[]) {
    this.description = description;
    this.boundaries = boundaries;
    const buckets = boundaries.length + 1;
    this.#series = new Series(() => ({ counts: Array<number>(buckets).fill(0), sum: 0, count: 0 }));
  }

  record(value: number, values: LabelValues): void {
    const cell = this.#series.cellOf(values);
    let bucket = 0;
    while (bucket < this.boundaries.length && value > (this.boundaries[bucket] as number)) bucket++;
    (cell.counts[bucket] as number)++;
    cell.sum += value;
    cell.count++;
    this.forward?.(value, values);
  }

  *read(): Generator<Distribution> {
    for (const { values, cell } of this.#series.cells()) yield { values, ...cell };
  }
}

/** A number that somebody knows at any time, so that nobody has to keep it up to date. */
export class ObservedNumber {
  /** A `counter` never goes down. */
  readonly kind: 'counter' | 'gauge';
  readonly description: InstrumentDescription;
  readonly #sources = new Set<() => Iterable<readonly [LabelValues, number]>>();

  constructor(description: InstrumentDescription, kind: 'counter' | 'gauge') {
    this.description = description;
    this.kind = kind;
  }

  /** Adds who knows it; several are summed. Returns how to remove it again. */
  addSource(source: () => Iterable<readonly [LabelValues, number]>): () => void {
    this.#sources.add(source);
    return () => this.#sources.delete(source);
  }

  *read(): Generator<Reading> {
    const sums = new Map<string, { values: LabelValues; value: number }>();
    for (const source of this.#sources) {
      for (const [values, value] of source()) {
        const key = JSON.stringify(values);
        sums.set(key, { values, value: (sums.get(key)?.value ?? 0) + value });
      }
    }
    yield* sums.values();
  }
}

export type Instrument = Counter | Histogram | ObservedNumber;
