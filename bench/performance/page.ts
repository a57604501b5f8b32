import { withFigures } from '../markdown.ts'
import { aheadList } from './ahead.ts'
import { goalsTable, missed } from './goals-table.ts'
import type { Measured, Results } from './measured.ts'
import type { Store } from './store.ts'
import {
  comparison,
  footprintTable,
  memoryTable,
  ratioTable,
  scaleTable,
  syncTable,
} from './tables.ts'

/** The page for those who choose, with its figures replaced, if there are results for them. */
export function page(text: string, { here }: Store): string {
  return here === undefined ? text : withFigures(text, 'bench', 'figures', figures(here))
}

/** The page of goals, for those who change the library. */
export function goalsPage(text: string, store: Store): string {
  return withFigures(text, 'bench', 'goals', goals(versionsOf(store)))
}

/** In ascending order. */
export function versionsOf({ here, versions }: Store): Measured[] {
  return [...Object.values(versions), ...(here === undefined ? [] : [here])].sort(
    (a, b) => Number.parseInt(a.node, 10) - Number.parseInt(b.node, 10),
  )
}

function goals(versions: readonly Measured[]): string {
  return [goalsTable(versions), missed(versions)].join('\n\n')
}

function figures(results: Results): string {
  const { node, cpu, load, versions } = results
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `Node ${node}, ${cpu}, load ${load.toFixed(1)} at the beginning; ${others.join(', ')}.`,
    '![Cost of a call with each library](performance.svg)',
    '### A call, beside the others',
    comparison(results),
    ratioTable(results),
    '### Synchronous functions and streams',
    'In units of the asynchronous wrapper, and of a generator wrapped by hand.',
    syncTable(results),
    '### Memory',
    memoryTable(results),
    '### What it takes to have it',
    footprintTable(results),
    '### Scale',
    scaleTable(results),
    '### Where others are ahead',
    'Among those that do the same kind of work; whatever is not named here is behind.',
    aheadList(results),
  ].join('\n\n')
}
