export declare function notesOf(text: string, version: string): string

export declare function released(text: string, version: string, date: string): string
