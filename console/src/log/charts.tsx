import { useEffect, useRef, type ReactNode } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import type { Operations } from '../api/operations.ts';

type Charts = Operations['getCharts']['output'];

interface Series {
  /** Drawn as bars, for counts; else as a line with its points. */
  readonly bars: boolean;
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly colour: string;
}

/** Calls in each step of time: forwarded, refused, held. */
export function CallsChart({ charts }: { readonly charts: Charts }): ReactNode {
  return (
    <Chart
      charts={charts}
      label="Calls forwarded, refused and held over time"
      series={[
        { bars: true, label: 'forwarded', values: charts.forwarded, colour: '--good' },
        { bars: true, label: 'refused', values: charts.refused, colour: '--bad' },
        { bars: true, label: 'held', values: charts.held, colour: '--warn' },
      ]}
    />
  );
}

/** What servers took, in milliseconds. */
export function LatencyChart({ charts }: { readonly charts: Charts }): ReactNode {
  return (
    <Chart
      charts={charts}
      label="Median and 95th percentile of what servers took, in milliseconds"
      series={[
        { bars: false, label: 'median ms', values: charts.medianMs, colour: '--accent' },
        { bars: false, label: '95 % ms', values: charts.p95Ms, colour: '--violet' },
      ]}
    />
  );
}

function Chart({
  charts,
  series,
  label,
}: {
  readonly charts: Charts;
  readonly series: readonly Series[];
  readonly label: string;
}): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let plot: UPlot | null = null;
    const draw = (): void => {
      plot?.destroy();
      plot = draftOf(element, charts, series);
    };
    draw();
    const size = new ResizeObserver(() => {
      plot?.setSize({
        width: element.clientWidth,
        height: Math.max(120, element.clientHeight - 30),
      });
    });
    size.observe(element);
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      size.disconnect();
      themes.disconnect();
      plot?.destroy();
    };
  }, [charts, series]);
  return <div ref={place} role="img" aria-label={label} className="size-full" />;
}

const barsPath = UPlot.paths.bars?.({ size: [0.9, 24], align: 1 });

function draftOf(element: HTMLElement, charts: Charts, series: readonly Series[]): UPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const times = charts.forwarded.map((_, index) => (charts.sinceMs + index * charts.stepMs) / 1000);
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: '11px system-ui',
  };
  return new UPlot(
    {
      width: element.clientWidth,
      height: Math.max(120, element.clientHeight - 30),
      legend: { live: false },
      cursor: { show: false },
      scales: {
        // The last step has a width too: without it the newest calls stand outside.
        x: { range: (_plot, min, max) => [min, max + charts.stepMs / 1000] },
        y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] },
      },
      axes: [axis, { ...axis, size: 56 }],
      series: [
        {},
        ...series.map(({ bars, label, colour: name }) => ({
          label,
          stroke: colour(name),
          fill: `${colour(name)}22`,
          width: 1.5,
          points: { show: !bars, size: 5 },
          ...(bars && barsPath !== undefined ? { paths: barsPath } : {}),
          spanGaps: true,
        })),
      ],
    },
    [times, ...series.map(({ values }) => [...values])],
    element,
  );
}
