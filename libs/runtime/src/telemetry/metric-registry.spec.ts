import { describe, expect, it } from 'vitest';
import { MetricRegistry } from './metric-registry.ts';
import { renderPrometheus } from './prometheus-text.ts';

const counted = {
  name: 'gatehouse.calls',
  unit: '{call}',
  description: 'Calls',
  labels: ['server', 'mcp.method.name'],
};

describe('metrics in the text format of Prometheus', () => {
  it('have the names, units and types of its conventions', () => {
    const registry = new MetricRegistry();
    registry.counter(counted).add(2, ['files', 'tools/call']);
    registry.counter({ ...counted, name: 'gatehouse.sent', unit: 'By', labels: [] }).add(10, []);
    registry.gauge({ ...counted, name: 'gatehouse.streams', labels: [] }).addSource(() => [[[], 3]]);
    registry.observedCounter({ ...counted, name: 'cpu.time', unit: 's', labels: [] }).addSource(() => [[[], 0.5]]);
    expect(renderPrometheus(registry.instruments())).toBe(
      [
        '# HELP cpu_time_seconds_total Calls',
        '# TYPE cpu_time_seconds_total counter',
        'cpu_time_seconds_total 0.5',
        '# HELP gatehouse_calls_total Calls',
        '# TYPE gatehouse_calls_total counter',
        'gatehouse_calls_total{server="files",mcp_method_name="tools/call"} 2',
        '# HELP gatehouse_sent_bytes_total Calls',
        '# TYPE gatehouse_sent_bytes_total counter',
        'gatehouse_sent_bytes_total 10',
        '# HELP gatehouse_streams Calls',
        '# TYPE gatehouse_streams gauge',
        'gatehouse_streams 3',
        '',
      ].join('\n'),
    );
  });

  it('count values of a histogram in cumulative buckets, boundaries included', () => {
    const registry = new MetricRegistry();
    const histogram = registry.histogram({ ...counted, name: 'took', unit: 's', labels: ['server'] }, [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 2]) histogram.record(value, ['files']);
    expect(renderPrometheus(registry.instruments()).split('\n').slice(2, -1)).toEqual([
      'took_seconds_bucket{server="files",le="0.1"} 2',
      'took_seconds_bucket{server="files",le="1"} 3',
      'took_seconds_bucket{server="files",le="+Inf"} 4',
      'took_seconds_sum{server="files"} 2.65',
      'took_seconds_count{server="files"} 4',
    ]);
  });

  it('escape what a label holds, and leave out labels without a value', () => {
    const registry = new MetricRegistry();
    registry.counter(counted).add(1, ['', 'a"b\\c\nd']);
    expect(renderPrometheus(registry.instruments())).toContain(
      'gatehouse_calls_total{mcp_method_name="a\\"b\\\\c\\nd"} 1',
    );
  });

  it('of one name are defined once', () => {
    const registry = new MetricRegistry();
    registry.counter(counted);
    expect(() => registry.counter(counted)).toThrow('gatehouse.calls');
  });
});

describe('the number of series of an instrument', () => {
  it('is bounded: what comes beyond 2,000 is counted together, and nothing is lost', () => {
    const registry = new MetricRegistry();
    const counter = registry.counter(counted);
    for (let index = 0; index < 3_000; index++) counter.add(1, [`server-${index % 50}`, `method-${index}`]);
    counter.add(1, ['server-0', 'method-0']);
    const readings = [...counter.read()];
    expect(readings).toHaveLength(2_001);
    expect(readings.at(-1)).toEqual({ values: undefined, value: 1_000 });
    expect(readings[0]).toEqual({ values: ['server-0', 'method-0'], value: 2 });
    expect(renderPrometheus([counter])).toContain('gatehouse_calls_total{otel_metric_overflow="true"} 1000');
  });

  it('is bounded by every label', () => {
    const counter = new MetricRegistry().counter(counted);
    for (let index = 0; index < 3_000; index++) counter.add(1, [`server-${index}`, 'tools/call']);
    expect([...counter.read()]).toHaveLength(2_001);
  });
});

describe('a gauge', () => {
  it('sums what its sources know, and forgets a source that is removed', () => {
    const gauge = new MetricRegistry().gauge({ ...counted, labels: ['server'] });
    const remove = gauge.addSource(() => [[['files'], 2]]);
    gauge.addSource(() => [
      [['files'], 3],
      [['mail'], 1],
    ]);
    expect([...gauge.read()]).toEqual([
      { values: ['files'], value: 5 },
      { values: ['mail'], value: 1 },
    ]);
    remove();
    expect([...gauge.read()][0]).toEqual({ values: ['files'], value: 3 });
  });
});
