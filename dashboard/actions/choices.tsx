import type { JSX } from 'preact'

/** One of several, of which all are seen. */
export function Choices<T extends string>({
  name,
  labels,
  chosen,
  onChoose,
}: {
  name: string
  labels: readonly T[]
  chosen: T
  onChoose: (label: T) => void
}): JSX.Element {
  return (
    <div class="choices">
      {labels.map((label) => (
        <label key={label}>
          <input
            type="radio"
            name={name}
            checked={chosen === label}
            onChange={() => onChoose(label)}
          />
          <span>{label}</span>
        </label>
      ))}
    </div>
  )
}
