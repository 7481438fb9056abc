export function contract(): Promise<string>;
