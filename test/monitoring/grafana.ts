// Grafana's own types of what a dashboard is made of, as they are written in JSON.
import type { Dashboard, VariableModel } from '@grafana/schema'
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen'
import type * as stateTimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen'
import type * as timeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen'

/** An enumeration by its text. */
type Written<T> = T extends string
  ? `${T}`
  : T extends object
    ? { [K in keyof T]: Written<T[K]> }
    : T

/** Grafana writes what a variable was asked by, but its type does not know of it. */
type Variable = VariableModel & { definition?: string }

export type WrittenDashboard = Written<
  Omit<Dashboard, 'templating'> & { templating: { list: Variable[] } }
>

interface Parts<Options, Custom> {
  options: Written<Partial<Options>>
  custom: Written<Partial<Custom>>
}

/** What each kind of panel has of its own. */
export interface PanelParts {
  stat: Parts<stat.Options, object>
  'state-timeline': Parts<stateTimeline.Options, stateTimeline.FieldConfig>
  timeseries: Parts<timeSeries.Options, timeSeries.FieldConfig>
}
