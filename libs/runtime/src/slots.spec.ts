import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

describe('Slots', () => {
  it('uses a place again when it is free', () => {
    const slots = new Slots<object>();
    const [first, second, third] = [{}, {}, {}];
    const place = slots.add(first);
    slots.add(second);
    slots.delete(place, first);
    expect(slots.add(third)).toBe(place);
    expect(slots.get(place)).toBe(third);
    expect(slots.size).toBe(2);
  });

  it('frees a place once, and not for what was there before', () => {
    const slots = new Slots<object>();
    const [first, second] = [{}, {}];
    const place = slots.add(first);
    expect(slots.delete(place, first)).toBe(true);
    expect(slots.delete(place, first)).toBe(false);
    slots.add(second);
    expect(slots.delete(place, first)).toBe(false);
    expect([...slots]).toEqual([second]);
    expect(slots.add({})).not.toBe(place);
  });

  it('knows nothing of places that never were', () => {
    const slots = new Slots<object>();
    for (const place of [-1, 0, 1, Number.NaN]) expect(slots.get(place)).toBeUndefined();
    expect(slots.delete(-1, {})).toBe(false);
    expect(slots.size).toBe(0);
  });

  it('passes over what is removed while it is listed', () => {
    const slots = new Slots<{ name: string }>();
    const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
    const places = [a, b, c].map((value) => slots.add(value));
    const seen: string[] = [];
    for (const { name } of slots) {
      seen.push(name);
      slots.delete(places[1] as number, b);
    }
    expect(seen).toEqual(['a', 'c']);
  });
});
