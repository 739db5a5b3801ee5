import { Counter, Histogram, ObservedNumber } from './instruments.ts';
import type { Instrument, InstrumentDescription } from './instruments.ts';

/** The instruments of a process: one definition serves Prometheus and OTLP (docs/decisions/0019). */
export class MetricRegistry {
  readonly #instruments = new Map<string, Instrument>();
  readonly #listeners: ((instrument: Instrument) => void)[] = [];

  counter(description: InstrumentDescription): Counter {
    return this.#add(new Counter(description));
  }

  /** @param boundaries upper ends of the buckets, ascending */
  histogram(description: InstrumentDescription, boundaries: readonly number[]): Histogram {
    return this.#add(new Histogram(description, boundaries));
  }

  gauge(description: InstrumentDescription): ObservedNumber {
    return this.#add(new ObservedNumber(description, 'gauge'));
  }

  /** A counter that somebody else keeps. */
  observedCounter(description: InstrumentDescription): ObservedNumber {
    return this.#add(new ObservedNumber(description, 'counter'));
  }

  /** Every instrument, ordered by name. */
  instruments(): Instrument[] {
    return [...this.#instruments.values()].toSorted((a, b) => (a.description.name < b.description.name ? -1 : 1));
  }

  /** Calls `listener` with every instrument that there is and that is added later. */
  onInstrument(listener: (instrument: Instrument) => void): void {
    for (const instrument of this.#instruments.values()) listener(instrument);
    this.#listeners.push(listener);
  }

  #add<Kind extends Instrument>(instrument: Kind): Kind {
    const { name } = instrument.description;
    if (this.#instruments.has(name)) throw new Error(`the metric ${name} is defined twice`);
    this.#instruments.set(name, instrument);
    for (const listener of this.#listeners) listener(instrument);
    return instrument;
  }
}

/** The instruments of this process. */
export const metrics = new MetricRegistry();
