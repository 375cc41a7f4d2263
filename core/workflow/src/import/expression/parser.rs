//! Reads expressions: numbers, columns, `+ - *`, parentheses and `sum(value from file by key = own)`.

use rust_decimal::Decimal;

use super::{Expression, Operator, Sum};
use crate::import::refusal::{Fault, shown};

const MAX_LENGTH: usize = 1000;
const MAX_DEPTH: usize = 32;
const REMEDY: &str = "write something like `UnitPrice * Quantity * (1 - Discount)`; docs/import.md shows the notation";

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(Decimal),
    /// A name as it stands; keywords are names too.
    Word(String),
    /// A name in double quotes, never a keyword.
    Quoted(String),
    Sign(char),
}

pub(super) fn parse(text: &str, sums: &mut Vec<Sum>) -> Result<Expression, Fault> {
    if text.len() > MAX_LENGTH {
        return Err(broken(format!("the expression is longer than {MAX_LENGTH} characters")));
    }
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), sums, depth: 0, in_sum: false };
    let expression = parser.addition()?;
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
        Some(Token::Word(name) | Token::Quoted(name)) => shown(&name),
        Some(Token::Sign(sign)) => sign.to_string(),
    };
    broken(format!("`{found}` stands in the expression where {expected} is expected"))
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if letter.is_whitespace() => {}
            '+' | '-' | '*' | '(' | ')' | '=' => tokens.push(Token::Sign(letter)),
            '"' => {
                let mut name = String::new();
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some(other) => name.push(other),
                        None => return Err(broken("a quote in the expression is not closed")),
                    }
                }
                tokens.push(Token::Quoted(name));
            }
            _ if letter.is_ascii_digit() => {
                let mut number = String::from(letter);
                while let Some(next) = letters.next_if(|next| next.is_ascii_digit() || *next == '.') {
                    number.push(next);
                }
                let value = Decimal::from_str_exact(&number);
                tokens.push(Token::Number(value.map_err(|_| broken(format!("`{}` is not a number", shown(&number))))?));
            }
            _ if letter.is_alphabetic() || letter == '_' => {
                let mut name = String::from(letter);
                while let Some(next) = letters.next_if(|next| next.is_alphanumeric() || matches!(next, '_' | '.')) {
                    name.push(next);
                }
                tokens.push(Token::Word(name));
            }
            other => return Err(broken(format!("`{other}` does not belong in an expression"))),
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    sums: &'a mut Vec<Sum>,
    depth: usize,
    in_sum: bool,
}

impl Parser<'_> {
    fn addition(&mut self) -> Result<Expression, Fault> {
        let mut left = self.multiplication()?;
        loop {
            let operator = match self.tokens.peek() {
                Some(Token::Sign('+')) => Operator::Add,
                Some(Token::Sign('-')) => Operator::Subtract,
                _ => return Ok(left),
            };
            self.tokens.next();
            left = Expression::Binary(operator, Box::new(left), Box::new(self.multiplication()?));
        }
    }

    fn multiplication(&mut self) -> Result<Expression, Fault> {
        let mut left = self.operand()?;
        while self.tokens.next_if_eq(&Token::Sign('*')).is_some() {
            left = Expression::Binary(Operator::Multiply, Box::new(left), Box::new(self.operand()?));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(broken(format!("the expression is nested more than {MAX_DEPTH} deep")));
        }
        let operand = match self.tokens.next() {
            Some(Token::Number(number)) => Expression::Number(number.normalize()),
            Some(Token::Quoted(name)) => Expression::Column(name),
            Some(Token::Word(name)) if name == "sum" && self.tokens.next_if_eq(&Token::Sign('(')).is_some() => {
                self.sum()?
            }
            Some(Token::Word(name)) => Expression::Column(name),
            Some(Token::Sign('-')) => Expression::Negate(Box::new(self.operand()?)),
            Some(Token::Sign('(')) => {
                let inner = self.addition()?;
                self.sign(')', "`)`")?;
                inner
            }
            token => return Err(unexpected(token, "a number, a column or `(`")),
        };
        self.depth -= 1;
        Ok(operand)
    }

    /// What stands behind `sum(`.
    fn sum(&mut self) -> Result<Expression, Fault> {
        if std::mem::replace(&mut self.in_sum, true) {
            return Err(broken("a sum stands inside a sum"));
        }
        let value = self.addition()?;
        self.word("from")?;
        let file = self.name("a file")?;
        self.word("by")?;
        let key = self.name("a column")?;
        let own = match self.tokens.next_if_eq(&Token::Sign('=')) {
            Some(_) => self.name("a column")?,
            None => key.clone(),
        };
        self.sign(')', "`)`")?;
        self.in_sum = false;
        let sum = Sum { file, value, key, own };
        let place = self.sums.iter().position(|known| *known == sum).unwrap_or_else(|| {
            self.sums.push(sum);
            self.sums.len() - 1
        });
        Ok(Expression::Sum { sum: place })
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

    fn sign(&mut self, sign: char, expected: &str) -> Result<(), Fault> {
        match self.tokens.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            token => Err(unexpected(token, expected)),
        }
    }
}
