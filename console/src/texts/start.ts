/** Before anything of the console is there. */
export const NOT_LOADED = 'The console could not be loaded. It tries again every five seconds.';
