// A customer's orders as a Relay program asks for them: a list that grows, below a record that can be asked for again.

import { graphql } from 'relay-runtime';

graphql`
  query CustomerOrdersScreenQuery($id: ID!, $count: Int!) {
    customer(id: $id) {
      ...CustomerOrders_customer @arguments(count: $count)
    }
  }
`;

graphql`
  fragment CustomerOrders_customer on Customer
  @refetchable(queryName: "CustomerOrdersPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 3 }, cursor: { type: "String" }) {
    name
    creditTerms {
      netDays
    }
    orders(first: $count, after: $cursor, orderBy: [{ field: ORDERED_ON, direction: DESC }])
      @connection(key: "CustomerOrders_orders", filters: ["orderBy"]) {
      edges {
        node {
          number
          netTotal {
            amount
            currency
          }
        }
      }
    }
  }
`;
