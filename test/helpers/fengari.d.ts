/** The part of fengari that the tests use: Lua's own C API. */
declare module 'fengari' {
  type State = unknown
  type Text = Uint8Array
  export const lauxlib: {
    luaL_newstate(): State
    luaL_loadstring(state: State, source: Text): number
    luaL_error(state: State, message: Text): never
  }
  export const lualib: { luaL_openlibs(state: State): void }
  export const lua: {
    readonly LUA_TNUMBER: number
    readonly LUA_TSTRING: number
    readonly LUA_TTABLE: number
    lua_absindex(state: State, index: number): number
    lua_createtable(state: State, items: number, fields: number): void
    lua_getglobal(state: State, name: Text): number
    lua_gettop(state: State): number
    lua_newtable(state: State): void
    lua_pcall(state: State, args: number, results: number, handler: number): number
    lua_pop(state: State, count: number): void
    lua_pushboolean(state: State, value: boolean): void
    lua_pushcfunction(state: State, run: (state: State) => number): void
    lua_pushnumber(state: State, value: number): void
    lua_pushstring(state: State, value: Text): void
    lua_pushvalue(state: State, index: number): void
    lua_rawgeti(state: State, index: number, at: number): number
    lua_rawlen(state: State, index: number): number
    lua_rawseti(state: State, index: number, at: number): void
    lua_setfield(state: State, index: number, name: Text): void
    lua_setglobal(state: State, name: Text): void
    lua_tostring(state: State, index: number): Text
    lua_type(state: State, index: number): number
  }
  export function to_jsstring(text: Text): string
  export function to_luastring(text: string): Text
}
