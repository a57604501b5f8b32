import { lauxlib, lua, lualib, to_jsstring, to_luastring } from 'fengari'

type Reply = string | number | null | readonly Reply[] | { readonly err: string }

/**
 * As much of Redis as the script uses, with a clock that the test sets, so that the script runs without
 * a server.
 */
export class LuaRedis {
  now: number = 1_700_000_000_000
  subscribers: number = 0
  readonly hashes: Map<string, Map<string, string>> = new Map()
  /** When a key expires, ms after `now`; none for those that stay. */
  readonly timesToLive: Map<string, number> = new Map()
  readonly published: string[] = []
  readonly log: string[][] = []
  /** Of sorted sets, with their scores. */
  readonly sets: Map<string, Map<string, number>> = new Map()
  /** Called before each command, to let it fail. */
  fail: (command: string) => string | undefined = () => undefined
  readonly #state: unknown = lauxlib.luaL_newstate()

  constructor(script: string) {
    const state = this.#state
    lualib.luaL_openlibs(state)
    this.#define('redis', {
      call: (words) => this.#command(words),
      pcall: (words) => {
        try {
          return this.#command(words)
        } catch (error) {
          return { err: (error as Error).message }
        }
      },
    })
    this.#define('cjson', { encode: (_, value) => JSON.stringify(value) })
    const source = `unpack = table.unpack\n${script}`
    this.#check(lauxlib.luaL_loadstring(state, to_luastring(source)))
    lua.lua_setglobal(state, to_luastring('script'))
  }

  /** Returns what the script returns, as a client has it: arrays of strings. */
  run(keys: readonly string[], args: readonly string[]): unknown {
    const state = this.#state
    push(state, keys)
    lua.lua_setglobal(state, to_luastring('KEYS'))
    push(state, args)
    lua.lua_setglobal(state, to_luastring('ARGV'))
    lua.lua_getglobal(state, to_luastring('script'))
    this.#check(lua.lua_pcall(state, 0, 1, 0))
    const result = read(state, -1)
    lua.lua_pop(state, 1)
    return result
  }

  #check(failed: number): void {
    if (failed === 0) return
    const message = to_jsstring(lua.lua_tostring(this.#state, -1))
    lua.lua_pop(this.#state, 1)
    throw new Error(message)
  }

  #define(
    table: string,
    functions: Readonly<Record<string, (words: string[], value: unknown) => Reply>>,
  ): void {
    const state = this.#state
    lua.lua_newtable(state)
    for (const [name, run] of Object.entries(functions)) {
      lua.lua_pushcfunction(state, (inner: unknown) => {
        const count = lua.lua_gettop(inner)
        const values = Array.from({ length: count }, (_, i) => read(inner, i + 1))
        try {
          push(inner, run(values.map(String), values[0]))
        } catch (error) {
          lauxlib.luaL_error(inner, to_luastring((error as Error).message))
        }
        return 1
      })
      lua.lua_setfield(state, -2, to_luastring(name))
    }
    lua.lua_setglobal(state, to_luastring(table))
  }

  #command([name = '', ...words]: string[]): Reply {
    const error = this.fail(name)
    if (error !== undefined) throw new Error(error)
    const key = words[0] ?? ''
    switch (name) {
      case 'TIME':
        return [String(Math.floor(this.now / 1000)), String((this.now % 1000) * 1000 + 999)]
      case 'PUBSUB':
        return [words[1] as string, this.subscribers]
      case 'HMGET':
        return words.slice(1).map((field) => this.hashes.get(key)?.get(field) ?? null)
      case 'HSET': {
        const hash = this.hashes.get(key) ?? new Map<string, string>()
        for (let i = 1; i < words.length; i += 2)
          hash.set(words[i] as string, words[i + 1] as string)
        this.hashes.set(key, hash)
        return words.length / 2
      }
      case 'HDEL':
        for (const field of words.slice(1)) this.hashes.get(key)?.delete(field)
        return 1
      case 'HKEYS':
        return [...(this.hashes.get(key)?.keys() ?? [])]
      case 'PEXPIRE':
        this.timesToLive.set(key, Number(words[1]))
        return 1
      case 'PERSIST':
        this.timesToLive.delete(key)
        return 1
      case 'ZADD':
        this.sets.set(
          key,
          (this.sets.get(key) ?? new Map()).set(words[2] as string, Number(words[1])),
        )
        return 1
      case 'ZREM':
        for (const member of words.slice(1)) this.sets.get(key)?.delete(member)
        return 1
      case 'ZRANGEBYSCORE':
        return [...(this.sets.get(key) ?? [])]
          .filter(([, score]) => score <= Number(words[2]))
          .sort(([a, first], [b, second]) => first - second || (a < b ? -1 : 1))
          .slice(0, Number(words[5]))
          .map(([member]) => member)
      case 'XADD':
        this.log.push(words.slice(5))
        return '0-1'
      case 'PUBLISH':
        this.published.push(words[1] as string)
        return 1
      default:
        throw new Error(`ERR unknown command '${name}'`)
    }
  }
}

function push(state: unknown, value: Reply): void {
  if (value === null) lua.lua_pushboolean(state, false)
  else if (typeof value === 'number') lua.lua_pushnumber(state, value)
  else if (typeof value === 'string') lua.lua_pushstring(state, to_luastring(value))
  else if ('err' in value) {
    lua.lua_newtable(state)
    lua.lua_pushstring(state, to_luastring(value.err))
    lua.lua_setfield(state, -2, to_luastring('err'))
  } else {
    lua.lua_createtable(state, value.length, 0)
    for (const [i, item] of value.entries()) {
      push(state, item)
      lua.lua_rawseti(state, -2, i + 1)
    }
  }
}

function read(state: unknown, index: number): Reply {
  const type = lua.lua_type(state, index)
  if (type === lua.LUA_TNUMBER || type === lua.LUA_TSTRING) {
    lua.lua_pushvalue(state, index)
    const text = to_jsstring(lua.lua_tostring(state, -1))
    lua.lua_pop(state, 1)
    return text
  }
  if (type !== lua.LUA_TTABLE) return null
  const at = lua.lua_absindex(state, index)
  return Array.from({ length: lua.lua_rawlen(state, at) }, (_, i) => {
    lua.lua_rawgeti(state, at, i + 1)
    const value = read(state, -1)
    lua.lua_pop(state, 1)
    return value
  })
}
