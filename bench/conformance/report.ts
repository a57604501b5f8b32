import { type ConformanceResult, conformanceCases } from '../../src/testing/conformance/index.ts'

/** One library, and how it did. */
export interface Column {
  readonly name: string
  readonly version: string
  /** Markdown; empty for our own. */
  readonly configuration: string
  readonly note: string | undefined
  readonly results: readonly ConformanceResult[]
}

const marks = { pass: '✓', fail: '✗', 'not applicable': '–' } as const

const header = `# Conformance

<!-- Written by \`node bench/conformance/main.ts\`: run it again instead of editing. -->

What a circuit breaker has to get right, as cases that any library can be run against, and how the
current releases of some libraries do. Every case is one that a circuit breaker in use, in JavaScript
or elsewhere, got wrong. A failure says "know this before you rely on it", not "do not use it".

✓ does the right thing · ✗ does not, see [below](#what-was-observed) · – the situation cannot
arise, or the library has no such feature, see [why](#not-applicable)
`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function grid(columns: readonly Column[]): string {
  const rows = conformanceCases.map(({ id }, index) => [
    id,
    ...columns.map(({ results }) => marks[results[index]?.verdict ?? 'fail']),
  ])
  return table(['', ...columns.map(({ name, version }) => `${name} ${version}`)], rows)
}

function listed(columns: readonly Column[], verdict: ConformanceResult['verdict']): string {
  const sections = columns.map(({ name, version, results }) => {
    const lines = results
      .filter((result) => result.verdict === verdict)
      .map(({ id, observed }) => `- **${id}** ${observed}`)
    return [`### ${name} ${version}`, '', ...(lines.length > 0 ? lines : ['Nothing.'])].join('\n')
  })
  return sections.join('\n\n')
}

function configurations(columns: readonly Column[]): string {
  const lines = columns.map(({ name, configuration, note }) =>
    [`- **${name}**: \`${configuration}\``, note].filter(Boolean).join('. '),
  )
  return lines.join('\n')
}

/** The terminal's version of the grid. */
export function summary(columns: readonly Column[]): string {
  const width = 6
  const rows = conformanceCases.map(({ id, title }, index) => {
    const cells = columns.map(({ results }) => marks[results[index]?.verdict ?? 'fail'])
    return `${id.padEnd(5)}${cells.map((cell) => cell.padEnd(width)).join('')}${title}`
  })
  const names = columns.map(({ name }) => name.replace(/^@.*\//, '').slice(0, width - 1))
  return [`     ${names.map((name) => name.padEnd(width)).join('')}`, ...rows].join('\n')
}

/** The page, from results alone. `example` is a program, and `output` what it printed. */
export function page(
  columns: readonly Column[],
  { example, output }: { example: string; output: string },
): string {
  const cases = conformanceCases.map(({ id, title, expects }) => [id, title, expects])
  const peers = columns.filter(({ configuration }) => configuration !== '')
  return `${header}
## Results

${grid(columns)}

Node.js ${process.versions.node.split('.')[0]}, each library in its own process, under virtual
clocks and timers, driven through its public interface.

## The cases

${table(['', 'Situation', 'Right answer'], cases)}

## Run it against your own breaker

\`runConformance\` needs an adapter: how to build one of your breakers, call it and read its state,
on a clock that the cases can move. It needs no test runner, and takes well under a second. What an
adapter leaves out, or says its breaker \`lacks\`, makes cases not applicable.

\`\`\`ts
${example.trim()}
\`\`\`

It prints:

\`\`\`text
${output.trim()}
\`\`\`

In a test runner, make each case a test:
\`for (const one of conformanceCases) it(one.title, () => one.run(adapter))\`; a case that is not
applicable rejects with \`NotApplicableError\`.

## What was observed

One line for each ✗ of the grid.

${listed(columns, 'fail')}

## Not applicable

${listed(columns, 'not applicable')}

## How the others are configured

The nearest that each can express, where \`n\` is the number of failures that opens it. Libraries
that read the clock and the timers of the host find replaced ones.

${configurations(peers)}
`
}
