/** The charts, drawn by Chart.js in the colours of the style sheet. The page has a table for each. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import type { Wire } from '../wire.ts';
import { byId } from './dom.ts';

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

const drawn: Chart[] = [];

/** Draws the charts, or redraws them after the colours have changed. */
export function drawCharts({ timeline, timeToFix }: Pick<Wire, 'timeline' | 'timeToFix'>): void {
  for (const chart of drawn.splice(0)) chart.destroy();
  const ink = colour('--ink');
  const muted = colour('--muted');
  const grid = colour('--line');
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = muted;
  Chart.defaults.borderColor = grid;
  const whole = { precision: 0, callback: (value: number | string) => String(Math.abs(Number(value))) };
  draw('timeline-chart', {
    type: 'bar',
    data: {
      labels: timeline.buckets.map((bucket) => bucket.from),
      datasets: [
        {
          type: 'line',
          label: 'Open',
          data: timeline.buckets.map((bucket) => bucket.open),
          borderColor: ink,
          backgroundColor: ink,
          borderWidth: 1.5,
          pointRadius: timeline.buckets.length === 1 ? 3 : 0,
          stepped: 'middle',
          yAxisID: 'y',
        },
        {
          type: 'bar',
          label: 'Opened',
          data: timeline.buckets.map((bucket) => bucket.opened),
          backgroundColor: colour('--opened'),
          stack: 'changes',
          maxBarThickness: 28,
        },
        {
          type: 'bar',
          label: 'Closed (downwards)',
          data: timeline.buckets.map((bucket) => -bucket.closed),
          backgroundColor: colour('--accent'),
          stack: 'changes',
          maxBarThickness: 28,
        },
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 24 } },
        y: { ticks: whole, border: { display: false } },
      },
      plugins: {
        legend: { align: 'start', labels: { boxWidth: 10, boxHeight: 10 } },
        tooltip: {
          callbacks: {
            label: ({ dataset, parsed }) =>
              `${(dataset.label ?? '').split(' ')[0]}: ${Math.abs(parsed.y ?? 0)}`,
          },
        },
      },
    },
  });
  draw('fix-chart', {
    type: 'bar',
    data: {
      labels: timeToFix.distribution.map((span) => span.label),
      datasets: [
        {
          label: 'Findings fixed',
          data: timeToFix.distribution.map((span) => span.count),
          backgroundColor: colour('--accent'),
          maxBarThickness: 16,
        },
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: 'y',
      scales: { x: { ticks: whole, border: { display: false } }, y: { grid: { display: false } } },
      plugins: { legend: { display: false } },
    },
  });
}

function draw(id: string, configuration: ChartConfiguration): void {
  const canvas = byId(id, HTMLCanvasElement);
  if (canvas !== undefined) drawn.push(new Chart(canvas, configuration));
}

/** A colour of the style sheet in the current theme: `light-dark()` is resolved only in a real property. */
function colour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
