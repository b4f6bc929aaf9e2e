namespace CubeFunctions.Core.Senders;

/// <summary>How a sender signs and what its bodies look like.</summary>
public enum SenderKind
{
    /// <summary><c>standard-webhooks</c>: the Standard Webhooks specification; a customer or an array of customers.</summary>
    StandardWebhooks,

    /// <summary><c>hubspot</c>: signature v3; property events, or whole contacts from a workflow.</summary>
    HubSpot,

    /// <summary><c>dataverse</c>: Dynamics 365 and the Power Platform; a shared value, and the platform's execution context.</summary>
    Dataverse,

    /// <summary>
    /// <c>json</c>: any other CRM; a shared secret or an HMAC of the body in a header; a customer or an array of customers.
    /// </summary>
    Json,
}
