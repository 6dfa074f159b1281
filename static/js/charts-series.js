// The rows of a run in order of time. A row is known by the moment at which its interval began, so one that
// comes twice, or comes filled up, replaces itself.

export class Series {
  constructor(columns) {
    this.columns = columns;
    this.rows = [];
  }

  /** Takes rows in order of time; with `whole` they are all there are. */
  merge(rows, whole = false) {
    if (whole) this.rows = [];
    for (const row of rows) {
      let place = this.rows.length;
      while (place > 0 && this.rows[place - 1][0] > row[0]) place -= 1;
      const known = place > 0 && this.rows[place - 1][0] === row[0];
      if (known) this.rows[place - 1] = row;
      else this.rows.splice(place, 0, row);
    }
  }

  /** All values of a column. */
  values(column) {
    const index = this.columns.indexOf(column);
    return this.rows.map((row) => row[index]);
  }

  /** One value; the last row's without `place`. */
  value(column, place = this.rows.length - 1) {
    return this.rows[place]?.[this.columns.indexOf(column)] ?? null;
  }

  get length() {
    return this.rows.length;
  }
}
