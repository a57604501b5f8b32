import type { FleetSummary, ProcessRow } from '../admin/index.ts'
import { EXIT } from './cli-error.ts'
import type { Command, Context } from './command.ts'
import { age, clockTime, type Paint, padEnd, padStart, visible, width } from './display.ts'

/** The processes of a fleet: those that differ from the others, and why. */
async function fleet({ client, flags, paint, print }: Context): Promise<number> {
  const all = Boolean(flags.all)
  const found = await client.fleet(all)
  if (flags.json) print(JSON.stringify(found))
  else {
    const { process } = await client.session()
    print(lines(found, process.name ?? process.id, all, paint).join('\n'))
  }
  const differ = found.counts.processes - (found.counts.byState['up to date'] ?? 0)
  return flags.check && differ > 0 ? EXIT.trouble : EXIT.done
}

function lines(
  { now, counts, processes }: FleetSummary,
  about: string,
  all: boolean,
  paint: Paint,
): string[] {
  const { processes: total, byState } = counts
  const same = byState['up to date'] ?? 0
  const verb = total === 1 ? 'process is' : 'processes are'
  const what = total === 0 ? 'No process has this fleet' : `${same} of ${total} ${verb} up to date`
  const result = [`${paint('bold', what)} · ${visible(about)} · ${clockTime(now)}`]
  if (processes.length > 0) result.push('', ...table(processes, now, paint))
  if (!all && same > 0) {
    const said =
      same === total
        ? 'None of them differs'
        : `… ${same} more ${same === 1 ? 'is' : 'are'} up to date`
    result.push(paint('dim', `  ${said} (--all)`))
  }
  return result
}

function table(processes: readonly ProcessRow[], now: number, paint: Paint): string[] {
  const rows = processes.map((row) => ({
    row,
    cells: [
      visible(row.process),
      row.state,
      `${age(now - row.seenAt)} ago`,
      visible([row.service, row.version].filter(Boolean).join(' ')) || '–',
      age(row.uptime),
    ],
  }))
  const titles = ['PROCESS', 'STATE', 'SEEN', 'VERSION', 'UP FOR']
  const columns = titles.map((title, i) =>
    Math.max(width(title), ...rows.map(({ cells }) => width(cells[i] ?? ''))),
  )
  const line = (cells: readonly string[], text: string): string =>
    [
      ...cells.map((cell, i) => (i === 2 || i === 4 ? padStart : padEnd)(cell, columns[i] ?? 0)),
      text,
    ]
      .join('  ')
      .trimEnd()
  return [
    paint('dim', `  ${line(titles, 'WHAT DIFFERS')}`),
    ...rows.map(({ row, cells }) => {
      const text = visible([row.breaker, row.text].filter(Boolean).join(': '))
      const differs = row.state !== 'up to date'
      const shown = `${differs ? '▲' : ' '} ${line(cells, text)}`
      return differs ? paint(row.state === 'behind' ? 'red' : 'yellow', shown) : shown
    }),
  ]
}

export const FLEET: Command = {
  name: 'fleet',
  args: '',
  help: 'the processes of the fleet, those that differ from the others',
  flags: ['all', 'check'],
  least: 0,
  most: 0,
  run: fleet,
}
