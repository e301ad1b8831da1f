/** What calls `pass` waits until it is opened. */
export function createGate() {
  let open = () => {};
  let arrive = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  return {
    open: () => open(),
    arrived,
    async pass() {
      arrive();
      await opened;
    },
  };
}
