/** Prints, at the end, how many calls each scenario makes, and how often it was killed. */
import type { Reporter, TestModule } from 'vitest/node';

export class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules
      .flatMap((module) => [...module.children.allTests()].flatMap((test) => test.meta().kills ?? []))
      .map(({ scenario, calls, kills, changes }) => [scenario, calls, changes, kills].map(String));
    if (lines.length === 0) return;
    const sum = lines.reduce((all, [, , , kills]) => all + Number(kills), 0);
    const table = [
      ['scenario', 'calls to AWS', 'changes', 'killed'],
      ...lines.toSorted(([one = ''], [other = '']) => one.localeCompare(other)),
      ['in all', '', '', String(sum)],
    ];
    const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
    const rows = table.map((line) =>
      line.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      ),
    );
    process.stdout.write(`\n${rows.map((row) => `  ${row.join('  ')}`).join('\n')}\n\n`);
  }
}
