import type { ComponentChildren } from "preact";

/** A table whose rows become blocks where it is narrow. Each cell then says its title: give it as `data-term`. */
export const StackedTable = ({ titles, children }: { titles: readonly string[]; children: ComponentChildren }) => (
  <div class="table-wrap stacked">
    <table>
      <thead>
        <tr>
          {titles.map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);
