//! Which columns are targets: the value of `--targets`.

use std::str::FromStr;

/// `last:N`, `first:N` or `NAME,NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TargetColumns {
    Last(usize),
    First(usize),
    Names(Vec<String>),
}

impl TargetColumns {
    /// How many columns these are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Last(count) | Self::First(count) => *count,
            Self::Names(names) => names.len(),
        }
    }
}

impl FromStr for TargetColumns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let counted = |count: &str| match count.parse() {
            Ok(0) | Err(_) => Err(format!("\"{count}\" is no number of columns from 1 on")),
            Ok(count) => Ok(count),
        };
        match text.split_once(':') {
            Some(("last", count)) => return counted(count).map(Self::Last),
            Some(("first", count)) => return counted(count).map(Self::First),
            _ => {}
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err("give last:N, first:N, or names of columns with commas between".to_owned());
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
    fn the_three_forms_are_told_apart() {
        let names = |names: &[&str]| {
            TargetColumns::Names(names.iter().map(|&name| name.to_owned()).collect())
        };
        assert_eq!("last:2".parse(), Ok(TargetColumns::Last(2)));
        assert_eq!("first:1".parse(), Ok(TargetColumns::First(1)));
        assert_eq!("y".parse(), Ok(names(&["y"])));
        assert_eq!("a b, c:d ".parse(), Ok(names(&["a b", "c:d"])));
        for wrong in ["last:0", "last:", "first:x", "last:-1", "", "a,,b", "a,a"] {
            assert!(wrong.parse::<TargetColumns>().is_err(), "{wrong}");
        }
    }
}
