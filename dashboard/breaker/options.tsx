import type { JSX } from 'preact'
import type { Row } from '../../src/admin/index.ts'
import { OperationButton } from '../actions/menu.tsx'
import { span, visible } from '../format.ts'
import { canWrite } from '../state.ts'

/** The options in force, one line each; options of options with their path. */
export function Options({
  row,
  options,
}: {
  row: Row
  options: Readonly<Record<string, unknown>>
}): JSX.Element {
  const { name: _, ...rest } = options
  return (
    <section class="card o7">
      <header>
        <h2>Options in force</h2>
        {canWrite.value && <OperationButton row={row} operation="configure" class="small quiet" />}
      </header>
      <dl class="options">
        {linesOf(rest).map(([path, value]) => (
          <div key={path}>
            <dt>{path}</dt>
            <dd class={value === null ? 'zero' : ''}>{show(path, value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

export function linesOf(value: object, path = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const here = path === '' ? key : `${path}.${key}`
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return [[here, inner]]
    return linesOf(inner, here)
  })
}

const DURATION = /(?:Timeout|duration|slowerThan|quietFor|within|initial|max|timeout|interval)$/

export function show(path: string, value: unknown): string {
  if (value === null) return 'none'
  if (typeof value === 'number' && value >= 1_000 && DURATION.test(path) && !/maxConc/.test(path)) {
    return value % 1_000 === 0 ? span(value) : `${value} ms`
  }
  return visible(typeof value === 'string' ? value : JSON.stringify(value))
}
