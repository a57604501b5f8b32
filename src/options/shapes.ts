import { list, object, oneOf, show } from './validate.ts'

export type Check = (path: string, value: unknown) => unknown

/** A check, the names that are allowed, what may be null or missing, what every item is, or fields. */
export type Shape =
  | Check
  | readonly string[]
  | readonly [null, Shape]
  | { readonly optional: Shape }
  | { readonly each: Shape; readonly most: number }
  | Fields
export type Fields = { readonly [key: string]: Shape }

/** One shape for every field of a type: what is added to the type can't be left unchecked. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Shape }

/** Checks a value that has all fields of its shape, but for optional ones. */
export function checkShape(shape: Shape, path: string, value: unknown): void {
  if (typeof shape === 'function') shape(path, value)
  else if (isNullable(shape)) value === null || checkShape(shape[1], path, value)
  else if (isNames(shape)) oneOf(path, value, shape)
  else if (isOptional(shape)) value === undefined || checkShape(shape.optional, path, value)
  else if (isEach(shape)) {
    for (const [i, item] of list(path, value, shape.most).entries()) {
      checkShape(shape.each, `${path}[${i}]`, item)
    }
  } else {
    object(path, value, Object.keys(shape), 'field')
    for (const [key, field] of Object.entries(shape)) {
      if (!(isOptional(field) || Object.hasOwn(value as object, key))) {
        throw new TypeError(`${path} must have ${show(key)}, it is missing`)
      }
      checkShape(field, `${path}.${key}`, (value as Fields)[key])
    }
  }
}

/** Checks those options that are given; `prefix` precedes their names in errors. */
export function checkOptions(
  shapes: Fields,
  path: string,
  options: unknown,
  prefix: string = `${path}.`,
): void {
  object(path, options, Object.keys(shapes))
  for (const name in shapes) {
    const shape = shapes[name] as Check | Fields
    const value = (options as Fields)[name]
    if (value === undefined) continue
    if (typeof shape === 'function') shape(prefix + name, value)
    else checkOptions(shape, prefix + name, value)
  }
}

const isNullable = (shape: Shape): shape is readonly [null, Shape] =>
  Array.isArray(shape) && shape[0] === null
const isNames = (shape: Shape): shape is readonly string[] => Array.isArray(shape)
const isOptional = (shape: Shape): shape is { readonly optional: Shape } => 'optional' in shape
const isEach = (shape: Shape): shape is { readonly each: Shape; readonly most: number } =>
  'each' in shape
