namespace CubeFunctions.Core.Upserts;

/// <summary>
/// One delivery a customer at a time in this process. A message that comes while one runs counts as handled: the running delivery looks
/// again when it ends, and that one look serves all that came meanwhile. Between processes the mailbox's lease does the same, at the
/// price of a rescheduled message.
/// </summary>
internal sealed class CustomerTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, bool> _repeat = new(StringComparer.Ordinal);

    /// <summary>Begins a turn, which lasts until <see cref="TryEnd"/> returns true or <see cref="Abandon"/>.</summary>
    /// <returns>False where another task has the customer's turn; it looks again.</returns>
    public bool TryBegin(string customer)
    {
        lock (_lock)
        {
            if (_repeat.TryAdd(customer, false))
            {
                return true;
            }

            _repeat[customer] = true;
            return false;
        }
    }

    /// <summary>Ends the turn; false when a message came meanwhile, and the turn goes on.</summary>
    public bool TryEnd(string customer)
    {
        lock (_lock)
        {
            if (_repeat[customer])
            {
                _repeat[customer] = false;
                return false;
            }

            return _repeat.Remove(customer);
        }
    }

    /// <summary>Ends the turn of a delivery that failed; true when messages came meanwhile that counted as handled.</summary>
    public bool Abandon(string customer)
    {
        lock (_lock)
        {
            return _repeat.Remove(customer, out var repeat) && repeat;
        }
    }
}
