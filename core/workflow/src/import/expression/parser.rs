//! Reads expressions.

use rust_decimal::Decimal;

use super::{Comparison, Expression, FUNCTIONS, Operator, Table, TableFunction};
use crate::import::refusal::{Fault, shown};

const MAX_LENGTH: usize = 2000;
const MAX_DEPTH: usize = 32;
const REMEDY: &str = "write something like `UnitPrice * Quantity * (1 - Discount)`; names with other letters stand in double quotes; docs/import.md shows the notation";

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(Decimal),
    /// A name as it stands; keywords are names too.
    Word(String),
    /// A name in double quotes, never a keyword.
    Quoted(String),
    /// A text in single quotes.
    Text(String),
    Sign(&'static str),
}

/// Longer signs come before those they begin with.
const SIGNS: [&str; 12] = ["<>", "<=", ">=", "<", ">", "=", "+", "-", "*", "(", ")", ","];

const COMPARISONS: [(&str, Comparison); 6] = [
    ("=", Comparison::Equal),
    ("<>", Comparison::NotEqual),
    ("<", Comparison::Less),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    (">=", Comparison::GreaterOrEqual),
];

const TABLE_FUNCTIONS: [(&str, TableFunction); 4] = [
    ("count", TableFunction::Count),
    ("first", TableFunction::First),
    ("lookup", TableFunction::Lookup),
    ("sum", TableFunction::Sum),
];

pub(super) fn parse(text: &str, tables: &mut Vec<Table>) -> Result<Expression, Fault> {
    if text.len() > MAX_LENGTH {
        return Err(broken(format!("the expression is longer than {MAX_LENGTH} characters")));
    }
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), tables, depth: 0, in_table: false };
    let expression = parser.expression()?;
    match parser.tokens.next() {
        None => Ok(expression),
        token => Err(unexpected(token, "its end")),
    }
}

fn broken(reason: impl Into<String>) -> Fault {
    Fault::new(reason, REMEDY)
}

fn unexpected(token: Option<Token>, expected: &str) -> Fault {
    let found = match token {
        None => return broken(format!("the expression ends where {expected} is expected")),
        Some(Token::Number(number)) => number.to_string(),
        Some(Token::Word(name) | Token::Quoted(name) | Token::Text(name)) => shown(&name),
        Some(Token::Sign(sign)) => sign.to_owned(),
    };
    broken(format!("`{found}` stands in the expression where {expected} is expected"))
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        if letter.is_whitespace() {
            rest = after;
        } else if letter == '"' {
            let (name, next) =
                after.split_once('"').ok_or_else(|| broken("a quote in the expression is not closed"))?;
            tokens.push(Token::Quoted(name.to_owned()));
            rest = next;
        } else if letter == '\'' {
            let (text, next) = quoted_text(after)?;
            tokens.push(Token::Text(text));
            rest = next;
        } else if letter.is_ascii_digit() {
            let (number, next) = take_while(rest, |next| next.is_ascii_digit() || next == '.');
            let value = Decimal::from_str_exact(number);
            tokens.push(Token::Number(value.map_err(|_| broken(format!("`{}` is not a number", shown(number))))?));
            rest = next;
        } else if letter.is_alphabetic() || letter == '_' {
            let (name, next) = take_while(rest, |next| next.is_alphanumeric() || matches!(next, '_' | '.'));
            tokens.push(Token::Word(name.to_owned()));
            rest = next;
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| broken(format!("`{letter}` does not belong in an expression")))?;
            tokens.push(Token::Sign(sign));
            rest = rest.get(sign.len()..).unwrap_or_default();
        }
    }
    Ok(tokens)
}

fn take_while(text: &str, fits: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !fits(letter)).unwrap_or(text.len()))
}

/// A text up to its closing quote; quotes in it are doubled.
fn quoted_text(mut rest: &str) -> Result<(String, &str), Fault> {
    let mut text = String::new();
    loop {
        let (piece, after) = rest.split_once('\'').ok_or_else(|| broken("a quote in the expression is not closed"))?;
        text.push_str(piece);
        match after.strip_prefix('\'') {
            Some(next) => {
                text.push('\'');
                rest = next;
            }
            None => return Ok((text, after)),
        }
    }
}

struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    tables: &'a mut Vec<Table>,
    depth: usize,
    in_table: bool,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expression, Fault> {
        self.deeper(|parser| {
            let mut left = parser.conjunction()?;
            while parser.take_word("or") {
                let right = parser.conjunction()?;
                left = Expression::Or(Box::new(condition(left)?), Box::new(condition(right)?));
            }
            Ok(left)
        })
    }

    fn conjunction(&mut self) -> Result<Expression, Fault> {
        let mut left = self.negation()?;
        while self.take_word("and") {
            let right = self.negation()?;
            left = Expression::And(Box::new(condition(left)?), Box::new(condition(right)?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression, Fault> {
        if self.take_word("not") {
            let inner = self.deeper(Self::negation)?;
            return Ok(Expression::Not(Box::new(condition(inner)?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, Fault> {
        let left = self.addition()?;
        if self.take_word("in") {
            return Ok(Expression::In(Box::new(value(left)?), self.texts()?));
        }
        if self.take_word("not") {
            self.word("in")?;
            let one_of = Expression::In(Box::new(value(left)?), self.texts()?);
            return Ok(Expression::Not(Box::new(one_of)));
        }
        let Some(Token::Sign(sign)) = self.tokens.peek() else { return Ok(left) };
        let Some((_, comparison)) = COMPARISONS.iter().find(|(name, _)| name == sign) else { return Ok(left) };
        self.tokens.next();
        let right = self.addition()?;
        Ok(Expression::Compare(*comparison, Box::new(value(left)?), Box::new(value(right)?)))
    }

    /// `('a', 'b')`.
    fn texts(&mut self) -> Result<Vec<String>, Fault> {
        self.sign("(", "`(`")?;
        let mut texts = Vec::new();
        loop {
            match self.tokens.next() {
                Some(Token::Text(text)) => texts.push(text),
                token => return Err(unexpected(token, "a text in single quotes")),
            }
            match self.tokens.next() {
                Some(Token::Sign(",")) => {}
                Some(Token::Sign(")")) => return Ok(texts),
                token => return Err(unexpected(token, "`,` or `)`")),
            }
        }
    }

    fn addition(&mut self) -> Result<Expression, Fault> {
        let mut left = self.multiplication()?;
        loop {
            let operator = match self.tokens.peek() {
                Some(Token::Sign("+")) => Operator::Add,
                Some(Token::Sign("-")) => Operator::Subtract,
                _ => return Ok(left),
            };
            self.tokens.next();
            let right = self.multiplication()?;
            left = Expression::Arithmetic(operator, Box::new(value(left)?), Box::new(value(right)?));
        }
    }

    fn multiplication(&mut self) -> Result<Expression, Fault> {
        let mut left = self.operand()?;
        while self.tokens.next_if_eq(&Token::Sign("*")).is_some() {
            let right = self.operand()?;
            left = Expression::Arithmetic(Operator::Multiply, Box::new(value(left)?), Box::new(value(right)?));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, Fault> {
        match self.tokens.next() {
            Some(Token::Number(number)) => Ok(Expression::Number(number.normalize())),
            Some(Token::Text(text)) => Ok(Expression::Text(text)),
            Some(Token::Quoted(name)) => Ok(Expression::Column(name)),
            Some(Token::Word(name)) if self.tokens.next_if_eq(&Token::Sign("(")).is_some() => {
                self.deeper(|parser| parser.call(&name))
            }
            Some(Token::Word(name)) => Ok(Expression::Column(name)),
            Some(Token::Sign("-")) => {
                let inner = self.deeper(Self::operand)?;
                Ok(Expression::Negate(Box::new(value(inner)?)))
            }
            Some(Token::Sign("(")) => {
                let inner = self.expression()?;
                self.sign(")", "`)`")?;
                Ok(inner)
            }
            token => Err(unexpected(token, "a value, a column or `(`")),
        }
    }

    /// What stands behind `name(`.
    fn call(&mut self, name: &str) -> Result<Expression, Fault> {
        if let Some((_, function)) = TABLE_FUNCTIONS.iter().find(|(known, _)| *known == name) {
            return self.table(*function);
        }
        if name == "position" {
            let column = self.name("a column")?;
            self.sign(")", "`)`")?;
            return Ok(Expression::Position(column));
        }
        let mut arguments = vec![self.expression()?];
        loop {
            match self.tokens.next() {
                Some(Token::Sign(",")) => arguments.push(self.expression()?),
                Some(Token::Sign(")")) => break,
                token => return Err(unexpected(token, "`,` or `)`")),
            }
        }
        if name == "if" {
            return choice(arguments);
        }
        let Some((_, function, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            let names: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
            return Err(Fault::new(
                format!("there is no function `{}`", shown(name)),
                format!("the functions are if, position, count, first, lookup, sum, {}", names.join(", ")),
            ));
        };
        if !(*least..=*most).contains(&arguments.len()) {
            return Err(broken(format!("`{name}` has {} arguments", arguments.len())));
        }
        Ok(Expression::Call(*function, arguments.into_iter().map(value).collect::<Result<_, _>>()?))
    }

    /// `value from file by key = own)`, or without value for counting.
    fn table(&mut self, function: TableFunction) -> Result<Expression, Fault> {
        if std::mem::replace(&mut self.in_table, true) {
            return Err(broken("a file is looked into from within another one"));
        }
        let counts = function == TableFunction::Count;
        let of = if counts { None } else { Some(value(self.expression()?)?) };
        self.word("from")?;
        let file = self.name("a file")?;
        self.word("by")?;
        let key = self.name("a column")?;
        let own = match self.tokens.next_if_eq(&Token::Sign("=")) {
            Some(_) => self.name("a column")?,
            None => key.clone(),
        };
        self.sign(")", "`)`")?;
        self.in_table = false;
        let table = Table { function, file, value: of, key };
        let place = self.tables.iter().position(|known| *known == table).unwrap_or_else(|| {
            self.tables.push(table);
            self.tables.len() - 1
        });
        let number = matches!(function, TableFunction::Count | TableFunction::Sum);
        Ok(Expression::Find { table: place, own, number })
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(broken(format!("the expression is nested more than {MAX_DEPTH} deep")));
        }
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Word(found) if found == word)).is_some()
    }

    fn name(&mut self, expected: &str) -> Result<String, Fault> {
        match self.tokens.next() {
            Some(Token::Word(name) | Token::Quoted(name)) => Ok(name),
            token => Err(unexpected(token, expected)),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        match self.tokens.next() {
            Some(Token::Word(found)) if found == word => Ok(()),
            token => Err(unexpected(token, &format!("`{word}`"))),
        }
    }

    fn sign(&mut self, sign: &str, expected: &str) -> Result<(), Fault> {
        match self.tokens.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            token => Err(unexpected(token, expected)),
        }
    }
}

fn choice(arguments: Vec<Expression>) -> Result<Expression, Fault> {
    let given = arguments.len();
    let Ok([test, then, otherwise]) = <[Expression; 3]>::try_from(arguments) else {
        return Err(broken(format!("`if` has {given} arguments where it takes a condition and two values")));
    };
    if then.is_condition() != otherwise.is_condition() {
        return Err(broken("one side of an `if` is a condition and the other is a value"));
    }
    Ok(Expression::If(Box::new(condition(test)?), Box::new(then), Box::new(otherwise)))
}

fn condition(expression: Expression) -> Result<Expression, Fault> {
    if expression.is_condition() {
        return Ok(expression);
    }
    Err(Fault::new(
        "a value stands where a condition is expected",
        "compare it with something, as in `Status = 'open'`",
    ))
}

fn value(expression: Expression) -> Result<Expression, Fault> {
    if !expression.is_condition() {
        return Ok(expression);
    }
    Err(Fault::new(
        "a condition stands where a value is expected",
        "choose a value with it, as in `if(Status = 'open', 'OPEN', 'SHIPPED')`",
    ))
}
