//! Which columns of a file an option picks: the value of `--targets`, `--weights` and `--ignore`.

use std::str::FromStr;

/// `last:N`, `first:N`, `column:N` or `NAME,NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Picked {
    Last(usize),
    First(usize),
    /// The one column at this place, counted from 0.
    At(usize),
    Names(Vec<String>),
}

impl Picked {
    /// How many columns these are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Last(count) | Self::First(count) => *count,
            Self::At(_) => 1,
            Self::Names(names) => names.len(),
        }
    }
}

impl FromStr for Picked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let counted = |count: &str| match count.parse() {
            Ok(0) | Err(_) => Err(format!("\"{count}\" is no number of columns from 1 on")),
            Ok(count) => Ok(count),
        };
        match text.split_once(':') {
            Some(("last", count)) => return counted(count).map(Self::Last),
            Some(("first", count)) => return counted(count).map(Self::First),
            Some(("column", place)) => {
                return match place.parse() {
                    Ok(place @ 1_usize..) => Ok(Self::At(place - 1)),
                    _ => Err(format!("\"{place}\" is no place of a column, counted from 1")),
                };
            }
            _ => {}
        }
        if let "last" | "first" = text {
            return Err(format!(
                "say how many columns: {text}:1 is the {text} column, {text}:2 the {text} two; a \
                 column that is named {text} is given by its place, as in column:3"
            ));
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err("give last:N, first:N, column:N, or names of columns with commas between"
                .to_owned());
        }
        for (place, name) in names.iter().enumerate() {
            if names[..place].contains(name) {
                return Err(format!("the column {name} stands twice"));
            }
        }
        Ok(Self::Names(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_are_told_apart() {
        let names =
            |names: &[&str]| Picked::Names(names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!("last:2".parse(), Ok(Picked::Last(2)));
        assert_eq!("first:1".parse(), Ok(Picked::First(1)));
        assert_eq!("column:3".parse(), Ok(Picked::At(2)));
        assert_eq!("y".parse(), Ok(names(&["y"])));
        assert_eq!("a b, c:d ".parse(), Ok(names(&["a b", "c:d"])));
        for wrong in
            ["last:0", "last:", "first:x", "last:-1", "column:0", "column:", "", "a,,b", "a,a"]
        {
            assert!(wrong.parse::<Picked>().is_err(), "{wrong}");
        }
        for bare in ["last", "first"] {
            let hint = bare.parse::<Picked>().unwrap_err();
            assert!(hint.contains(&format!("{bare}:1 is the {bare} column")), "{hint}");
        }
    }
}
