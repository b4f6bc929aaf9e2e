namespace CubeFunctions.Core.Upserts;

/// <summary>
/// One delivery a customer at a time in this process. A message that comes while one runs is taken for done: the one that runs looks again when it ends, and
/// that one look serves all that came meanwhile. Between processes the mailbox's lease does the same, at the price of a message for later.
/// </summary>
internal sealed class CustomerTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, bool> _askedAgain = new(StringComparer.Ordinal);

    /// <summary>True when it is the caller's turn, until <see cref="EndOrGoOn"/> says false or <see cref="Abandon"/>.</summary>
    public bool TryBegin(string customer)
    {
        lock (_lock)
        {
            if (_askedAgain.TryAdd(customer, false))
            {
                return true;
            }

            _askedAgain[customer] = true;
            return false;
        }
    }

    /// <summary>Ends the turn; true when somebody came meanwhile, and the turn goes on.</summary>
    public bool EndOrGoOn(string customer)
    {
        lock (_lock)
        {
            if (_askedAgain[customer])
            {
                _askedAgain[customer] = false;
                return true;
            }

            _askedAgain.Remove(customer);
            return false;
        }
    }

    /// <summary>Ends the turn of a delivery that failed; true when somebody came meanwhile, who has to be told.</summary>
    public bool Abandon(string customer)
    {
        lock (_lock)
        {
            return _askedAgain.Remove(customer, out var again) && again;
        }
    }
}
