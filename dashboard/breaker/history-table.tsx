import type { JSX } from 'preact'
import type { HistoryAnswer } from '../../src/admin/index.ts'
import { count, duration, minutes } from '../format.ts'
import type { Values } from './plots.tsx'

/** So many steps are one row. */
const STEPS = 12

/** The charts for those who can't see them. */
export function HistoryTable({ history: value }: { history: HistoryAnswer }): JSX.Element {
  const { ok, failed, rejected, p99, step, until } = value
  const starts = Array.from({ length: Math.ceil(ok.length / STEPS) }, (_, index) => index * STEPS)
  const sum = (values: Values, start: number) =>
    values.slice(start, start + STEPS).reduce<number>((total, one) => total + (one ?? 0), 0)
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col" class="num">
            Succeeded
          </th>
          <th scope="col" class="num">
            Failed
          </th>
          <th scope="col" class="num">
            Rejected
          </th>
          <th scope="col" class="num">
            p99
          </th>
        </tr>
      </thead>
      <tbody>
        {starts.map((start) => {
          const highest = Math.max(...p99.slice(start, start + STEPS).map((one) => one ?? 0))
          return (
            <tr key={start}>
              <td>{minutes(until - (ok.length - start) * step)}</td>
              <td class="num">{count(sum(ok, start))}</td>
              <td class="num">{count(sum(failed, start))}</td>
              <td class="num">{count(sum(rejected, start))}</td>
              <td class="num">{highest === 0 ? '–' : duration(highest)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
