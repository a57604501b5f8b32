import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly targets: readonly { readonly refId: string; readonly expr: string }[]
}

export const dashboard: {
  readonly title: string
  readonly uid: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly {
      readonly name: string
      readonly type: string
      readonly query: unknown
    }[]
  }
} = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../monitoring/grafana-dashboard.json'), 'utf8'),
)

/** The queries, with all chosen in its variables. */
export const queries: readonly (readonly [panel: string, query: string])[] =
  dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => {
      const query = expr
        .replaceAll('$__rate_interval', '10s')
        .replaceAll(/\$(job|instance|name)\b/g, '.*')
      return [title, query] as const
    }),
  )
