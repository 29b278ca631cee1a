/** The new service does not work here; what says so is for the person at the terminal. */
export class NewServiceError extends Error {
  override readonly name = 'NewServiceError';

  constructor(output: string) {
    super(`the service could not be made, and everything is as it was before. What failed:\n${output}`);
  }
}
